package providers

// FirstBoot is a script that waits until cloud-init has finished, saying so now and then: an SSH connection without traffic may
// be dropped. Exit status 2 of cloud-init means that it is done but had to work around something.
const FirstBoot = `set -u
if command -v cloud-init >/dev/null; then
  timeout 900 cloud-init status --wait >/dev/null 2>&1 &
  waited=0
  while kill -0 $! 2>/dev/null; do
    sleep 0.2; waited=$((waited + 1))
    [ $((waited % 75)) -ne 0 ] || echo "waiting for cloud-init"
  done
  wait $!
  case $? in
    0|2) ;;
    124) echo "cloud-init is not done after 15 minutes: see /var/log/cloud-init-output.log"; exit 1 ;;
    *) echo "cloud-init failed:"; cloud-init status --long; exit 1 ;;
  esac
fi
`

// Settled waits for the first boot, which may do the same things, without judging it: that is not for what is said to a machine that
// runs. A command follows it.
const Settled = "(" + FirstBoot + ") </dev/null >&2 || :\n"
