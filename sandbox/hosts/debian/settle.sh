# Runs once in the new system: makes an image of it, as a cloud does.
apt-get clean
rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_*
: > /etc/machine-id
: > /etc/hostname
: > /etc/resolv.conf

# Images of clouds have one user, who may become root. There is no metadata service here: what a machine is told lies in the seed.
cat > /etc/cloud/cloud.cfg.d/90_sandbox.cfg <<'END'
datasource_list: [NoCloud]
network: {config: disabled}
locale: false
ssh_genkeytypes: [ed25519]
manage_etc_hosts: true
cloud_init_modules: [bootcmd, write-files, set_hostname, update_hostname, update_etc_hosts, users-groups, ssh]
cloud_config_modules: [ssh-import-id, set-passwords, timezone, runcmd]
cloud_final_modules: [scripts-per-once, scripts-per-boot, scripts-per-instance, scripts-user, final-message]
system_info:
  default_user:
    name: ubuntu
    lock_passwd: true
    groups: [adm, sudo]
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    shell: /bin/bash
END

# The machine's interfaces are made by who boots it, and it has no terminal.
systemctl mask --quiet console-getty.service getty@.service systemd-networkd.service systemd-networkd.socket systemd-resolved.service \
  systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  dev-hugepages.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount proc-sys-fs-binfmt_misc.automount
mkdir -p /etc/systemd/system.conf.d
printf '[Manager]\nDefaultTimeoutStopSec=10s\n' > /etc/systemd/system.conf.d/sandbox.conf
systemctl enable --quiet ssh.service

# The kernel is that of the machine that we run on, which has its modules.
ln -sf /bin/true /usr/local/sbin/modprobe
ln -sf /bin/true /usr/local/bin/modprobe
mkdir -p /opt/cni/bin /etc/cni/net.d
