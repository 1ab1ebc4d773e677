# Runs in a mount namespace of its own: installs packages over a system that stays as it is, runs setup in it, and leaves what came to
# it in layer.tar.
#   install.sh SYSTEM WORK PACKAGE…
system=$1 work=$2
shift 2
mount -t tmpfs -o size=4g none /mnt # an overlay's upper side cannot lie on every file system
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$system,upperdir=/mnt/upper,workdir=/mnt/work" none /mnt/root
cd /mnt/root
mount --bind /dev dev
mount -t proc proc proc
touch etc/resolv.conf
mount --bind /etc/resolv.conf etc/resolv.conf
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
if [ $# -gt 0 ]; then
  printf '#!/bin/sh\nexit 101\n' > usr/sbin/policy-rc.d # nothing is started
  chmod 755 usr/sbin/policy-rc.d
  chroot . apt-get install --yes --quiet --no-install-recommends -o APT::Sandbox::User=root -o Dpkg::Options::=--force-unsafe-io "$@"
  rm usr/sbin/policy-rc.d
fi
cp "$work/setup" tmp/setup
chroot . /bin/sh -eu /tmp/setup
rm tmp/setup
umount etc/resolv.conf proc dev
tar --create --sort=name --numeric-owner --directory=/mnt/upper --exclude='./var/cache/*' --exclude='./var/lib/apt/*' --exclude='./var/log/*' \
  --exclude=./etc/resolv.conf --exclude='./tmp/*' --file="$work/layer.tar" .
