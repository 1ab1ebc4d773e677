# Makes GitHub's runner a service, or the one that is there as it is to be. It is run by root, from standard input.
set -eu
put() { base64 -d >"$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1"; }
unit() { cat >"/etc/systemd/system/$1.new" && chmod 644 "/etc/systemd/system/$1.new" && mv "/etc/systemd/system/$1.new" "/etc/systemd/system/$1"; }
umask 077
mkdir -p /etc/github-runner /usr/local/lib/github-runner
chmod 755 /usr/local/lib/github-runner
put /usr/local/lib/github-runner/runner.py 644 <<'END'
@PROGRAM@
END
put /usr/local/lib/github-runner/setup.sh 644 <<'END'
@SETUP@
END
put /etc/github-runner/settings.json 600 <<'END'
@SETTINGS@
END
# Its user is nobody's, who may write in its own folder only, and neither becomes root nor looks into the cluster's keys. Jobs get what is left
# of processors and disk beside etcd. An update that the runner makes of itself, and one of these, wait for the job that runs.
unit github-runner.service <<'END'
[Unit]
Description=GitHub's runner, which deploys the exchange
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=/bin/sh -c "cd /var/lib/github-runner/runner && exec ./run.sh"
Environment=HOME=/var/lib/github-runner KUBECONFIG=/var/lib/github-runner/kubeconfig RUNNER_MANUALLY_TRAP_SIG=1
DynamicUser=yes
User=github-runner
StateDirectory=github-runner
StateDirectoryMode=0700
InaccessiblePaths=-/etc/kubernetes -/etc/ssl/etcd -/var/lib/etcd -/var/lib/kubelet -/run/containerd
CapabilityBoundingSet=
CPUWeight=20
IOWeight=20
MemoryMax=2G
OOMScoreAdjust=500
KillMode=mixed
TimeoutStopSec=5min
Restart=always
RestartSec=30

[Install]
WantedBy=multi-user.target
END
# What is unpacked and registered is so by that user too: what a job has left there leads nobody else astray.
unit github-runner-setup.service <<'END'
[Unit]
Description=Unpacks and registers GitHub's runner

[Service]
Type=oneshot
ExecStart=/bin/sh /usr/local/lib/github-runner/setup.sh
EnvironmentFile=/etc/github-runner/setup.env
Environment=HOME=/var/lib/github-runner
DynamicUser=yes
User=github-runner
StateDirectory=github-runner
StateDirectoryMode=0700
CapabilityBoundingSet=
END
unit github-runner-hand-over.service <<'END'
[Unit]
Description=Hands GitHub's runner its kubeconfig

[Service]
Type=oneshot
ExecStart=/bin/sh -c "umask 077; mkdir -p /var/lib/github-runner; cd /var/lib/github-runner; cat \"${CREDENTIALS_DIRECTORY:-/etc/github-runner}/kubeconfig\" >kubeconfig.new && mv kubeconfig.new kubeconfig"
LoadCredential=kubeconfig:/etc/github-runner/kubeconfig
DynamicUser=yes
User=github-runner
StateDirectory=github-runner
StateDirectoryMode=0700
CapabilityBoundingSet=
END
unit github-runner-watch.service <<'END'
[Unit]
Description=Renews the kubeconfig of GitHub's runner, and tells how the runner is

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -Es /usr/local/lib/github-runner/runner.py watch
END
unit github-runner-watch.timer <<'END'
[Unit]
Description=Looks after GitHub's runner

[Timer]
OnActiveSec=1min
OnUnitInactiveSec=2min

[Install]
WantedBy=timers.target
END
systemctl daemon-reload
exec python3 -Es /usr/local/lib/github-runner/runner.py install </dev/null
