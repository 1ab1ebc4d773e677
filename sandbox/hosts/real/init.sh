# The machine's first process, before systemd: takes back what systemd-nspawn keeps from its containers and no machine keeps from its
# root. Groups of containers are made in every hierarchy, mounts reach from one mount namespace into others, and kubelet reads the
# kernel's messages.
for place in /sys/fs/cgroup /sys/fs/cgroup/*; do
  ! mountpoint -q "$place" || mount -o remount,bind,rw "$place"
done
mount --make-rshared /
[ -e /dev/kmsg ] || mknod /dev/kmsg c 1 11
exec /sbin/init
