# The machine's first process, before systemd: takes back what systemd-nspawn keeps from its containers and no machine keeps from its
# root. Groups of containers are made in every hierarchy, mounts reach from one mount namespace into others, kubelet reads the kernel's
# messages, and plugins of networks keep what they made of the kernel's virtual machine.
for place in /sys/fs/cgroup /sys/fs/cgroup/*; do
  ! mountpoint -q "$place" || mount -o remount,bind,rw "$place"
done
mount --make-rshared /
[ -e /dev/kmsg ] || mknod /dev/kmsg c 1 11
mount -o remount,bind,rw /sys
mkdir -p /sys/fs/bpf
mount -o remount,bind,ro /sys
mount -t bpf bpf /sys/fs/bpf

# Settings of the kernel that are those of the machine that we run on, too: what nodes of Kubernetes want of them is said to be so.
set -- vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 kernel/keys/root_maxbytes=25000000 \
  kernel/keys/root_maxkeys=1000000 vm/max_map_count=1048576 fs/inotify/max_user_instances=8192
for setting; do
  file=/run/sysctl/${setting%=*}
  mkdir -p "${file%/*}"
  echo "${setting#*=}" >"$file"
  mount --bind "$file" "/proc/sys/${setting%=*}"
done
exec /sbin/init
