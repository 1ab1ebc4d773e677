# Makes the dead man's switch a service, or the one that is there as it is to be. It is run by root, from standard input.
set -eu
put() { base64 -d >"$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1"; }
umask 077
mkdir -p /etc/alert-switch /usr/local/lib/alert-switch
chmod 755 /usr/local/lib/alert-switch
put /usr/local/lib/alert-switch/sms.py 644 <<'END'
@SMS@
END
put /usr/local/lib/alert-switch/switch.py 644 <<'END'
@SWITCH@
END
put /etc/alert-switch/settings.json 600 <<'END'
@SETTINGS@
END
cat >/etc/systemd/system/alert-switch.service <<'END'
[Unit]
Description=Says by SMS when the platform's alerts are silent
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart=/usr/bin/python3 -Es /usr/local/lib/alert-switch/switch.py
# Nobody's user, who gets to read what root alone may.
DynamicUser=yes
LoadCredential=settings.json:/etc/alert-switch/settings.json
StateDirectory=alert-switch
CapabilityBoundingSet=
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
MemoryMax=128M
Restart=always
RestartSec=5
WatchdogSec=15min

[Install]
WantedBy=multi-user.target
END
chmod 644 /etc/systemd/system/alert-switch.service
systemctl daemon-reload
systemctl enable --quiet alert-switch
systemctl restart alert-switch || { journalctl -u alert-switch -n 20 --no-pager; exit 1; } >&2
