# Unpacks and registers the runner, as its own user. UNPACK is the archive to unpack, REGISTER is set to register anew; it may be cut off
# anywhere and begin again.
set -eu
mkdir -p /var/lib/github-runner
cd /var/lib/github-runner
[ -d runner ] || [ ! -d former ] || mv former runner
if [ -n "${UNPACK:-}" ]; then
  rm -rf next former
  mkdir next
  tar -xzf "$UNPACK" -C next
  # what registering has left: it is still this runner
  for each in .runner .credentials .credentials_rsaparams .env .path; do
    [ ! -f "runner/$each" ] || cp -p "runner/$each" next/
  done
  [ ! -d runner ] || mv runner former
  mv next runner
  rm -rf former
fi
if [ -n "${REGISTER:-}" ]; then
  cd runner
  rm -f .runner .credentials .credentials_rsaparams
  # address, name, labels and the token of one hour are in the environment (ACTIONS_RUNNER_INPUT_…), where config.sh takes them out
  exec ./config.sh --unattended --replace
fi
