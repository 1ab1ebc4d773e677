# Mounts a machine's data volume: $1 is where, $2 the volume's id, $3 its size in GiB, $4 what the cloud calls its device. It is formatted
# once, without partitions; its file system bears the volume's id as its UUID, so that it is known again on any machine and under any
# name, and grows with the volume. Run again, it changes nothing.
set -eu
path=$1 volume=$2 gib=$3 told=$4
etc=${ETC:-/etc}
fail() { echo "the data volume $volume of $(uname -n) cannot be used at $path: $1"; exit 1; } >&2

# find_device waits for the volume: a device appears some time after it was attached.
find_device() {
  for _ in $(seq "${PATIENCE:-120}"); do
    own=$(blkid -U "$volume") || own=
    for device in $own "/dev/disk/by-id/virtio-$(echo "$volume" | cut -c 1-20)" "/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_$volume" "$told"; do
      ! size=$(blockdev --getsize64 "$device" 2>/dev/null) || return 0
    done
    sleep 0.5
  done
  fail "no device of it appears, neither by its id nor as $told"
}

# format makes the file system of a volume that has nothing on it. What is there, whatever it is, stays.
format() {
  found=$(wipefs --noheadings "$device")
  [ -z "$found" ] || fail "$device has something on it already that is not this volume's file system, and is left as it is:
$found
If it is to be used, give it the volume's id (tune2fs -U $volume $device); if nobody needs it, wipefs -a $device; then run up again"
  mkfs.ext4 -q -m 1 -L data -U "$volume" "$device"
}

mount_it() {
  if mountpoint -q "$path"; then
    [ "$(mountpoint -d "$path")" = "$(mountpoint -x "$device")" ] || fail "something else is mounted there"
    return 0
  fi
  [ -z "$(ls -A "$path" 2>/dev/null)" ] ||
    fail "there are files on the root disk, which it would hide: exchange the machine for one of another name (docs/cluster.md), or move them away by hand"
  mkdir -p "$path"
  mount -o noatime "$device" "$path"
}

# remember has the system mount it at each boot, and start kubelet only behind it: on the empty directory below, pods would begin anew.
remember() {
  line="UUID=$volume $path ext4 noatime,nofail,x-systemd.device-timeout=3min 0 2"
  if ! grep -qxF "$line" "$etc/fstab" 2>/dev/null; then
    kept=$(grep -vF " $path " "$etc/fstab" 2>/dev/null) || kept=
    printf '%s\n' ${kept:+"$kept"} "$line" >"$etc/fstab.new"
    mv "$etc/fstab.new" "$etc/fstab"
  fi
  unit=$etc/systemd/system/kubelet.service.d
  mkdir -p "$unit"
  printf '[Unit]\nRequiresMountsFor=%s\n' "$path" >"$unit/20-data-volume.conf"
  systemctl daemon-reload
}

use_volume() {
  elsewhere=$(sed -n "s|^UUID=$volume \([^ ]*\) .*|\1|p" "$etc/fstab" 2>/dev/null) || elsewhere=
  [ -z "$elsewhere" ] || [ "$elsewhere" = "$path" ] ||
    fail "it is mounted at $elsewhere, and the volumes of pods with it: put kubernetes.dataPath back"
  find_device
  [ $((size / 1000000000)) -ge "$gib" ] ||
    fail "$device has $((size / 1073741824)) GiB there instead of $gib; a machine that does not see its volume grow sees it after it was off"
  [ "$(blkid -p -s UUID -o value "$device")" = "$volume" ] || format
  mount_it
  remember
  resize2fs "$device"
}

# nothing that runs may read on in this text, which is on standard input
use_volume </dev/null
