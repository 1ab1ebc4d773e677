# Puts a machine's root together and becomes systemd-nspawn, as the first process of a mount and a PID namespace of its own: when that
# ends, everything that was mounted and everything that runs here is gone. The arguments are systemd-nspawn's.
#   MACHINE   its directory
#   BASE      the system it lies over
#   ADDITIONS what lies over that on every machine; it need not be there
#   NETWORK   its network namespace
#   DISK      the size of its disk in bytes
#   ID        its machine ID
#   CONTROL_GROUPS  those to be in
#   ROOM      what to do about the room on its disk: see disk.go
cd "$MACHINE" || exit
for group in $CONTROL_GROUPS; do
  echo 0 >"$group/cgroup.procs"
done
touch network
mount --bind "$NETWORK" network
mount -t proc proc /proc

# The disk is a file system of its own, as large as it says it is. What its programs have written is in the memory of the machine
# that we run on, which a power failure of ours does not touch: nobody has to wait for more.
if ! [ -e disk.img ]; then
  rm -f disk.new
  truncate -s "$DISK" disk.new
  mkfs.ext4 -q -m 0 -E lazy_itable_init=1,lazy_journal_init=1,nodiscard disk.new
  mv disk.new disk.img
fi
mkdir -p disk root
if [ "$(stat -c %s disk.img)" -lt "$DISK" ]; then
  e2fsck -fp disk.img || [ $? = 1 ] # which is about what it mended
  resize2fs disk.img "$((DISK / 1024))K"
fi
mount -t ext4 -o loop,noatime,nobarrier disk.img disk
eval "$ROOM"
mkdir -p disk/upper disk/work
under=$BASE
[ ! -d "$ADDITIONS" ] || under=$ADDITIONS:$BASE
mount -t overlay -o "lowerdir=$under,upperdir=disk/upper,workdir=disk/work" machine root
[ -s root/etc/machine-id ] || echo "$ID" >root/etc/machine-id || true
if [ -s authority.crt ]; then # as an administrator adds one, for whoever looks in the one place or in the other
  mkdir -p root/usr/local/share/ca-certificates
  install -m 0644 authority.crt root/usr/local/share/ca-certificates/sandbox.crt
  cat "$BASE/etc/ssl/certs/ca-certificates.crt" authority.crt >root/etc/ssl/certs/ca-certificates.crt
fi

# What containers lie on is no overlay: one over another cannot be.
for place in containerd kubelet etcd; do
  mkdir -p "disk/$place" "root/var/lib/$place"
  mount --bind "disk/$place" "root/var/lib/$place"
done
exec systemd-nspawn --directory="$MACHINE/root" --network-namespace-path="$MACHINE/network" "$@"
