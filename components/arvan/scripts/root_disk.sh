# Gives the root file system all of its disk, whatever of that the image has done by itself at its boot. Run again, it changes
# nothing. What is no disk of the machine's own (a container's root) is left alone.
set -eu
sectors=${SYSFS:-/sys}/class/block # their sizes count in 512 bytes
fail() { echo "the file system of $(uname -n) is smaller than its disk, and $1: make it larger by hand, and run up again"; exit 1; } >&2

# grow_partition DEVICE gives a partition the room behind it. A disk without partitions has no such room.
grow_partition() {
  part=$(basename "$1") disk=$(lsblk -dno PKNAME "$1" | head -n 1)
  [ -n "$disk" ] && [ -e "$sectors/$part/partition" ] || return 0
  behind=$(($(cat "$sectors/$disk/size") - $(cat "$sectors/$part/start") - $(cat "$sectors/$part/size")))
  [ "$behind" -ge 2097152 ] || return 0
  number=$(cat "$sectors/$part/partition")
  command -v growpart >/dev/null || fail "growpart is not installed, which makes partition $number of /dev/$disk larger"
  if said=$(growpart "/dev/$disk" "$number" 2>&1); then return 0; fi
  fail "growpart /dev/$disk $number did not help ($said)"
}

# grow_volume DEVICE gives a logical volume all of its group, and the group all of its disks.
grow_volume() {
  for physical in $(pvs --noheadings -o pv_name -S "vg_name=$(lvs --noheadings -o vg_name "$1" | tr -d ' ')"); do
    grow_partition "$physical"
    pvresize "$physical"
  done
  [ "$(lvs --noheadings -o vg_free_count "$1" | tr -d ' ')" = 0 ] || lvextend -l +100%FREE "$1"
}

grow_root() {
  read -r source type <<FOUND
$(findmnt -no SOURCE,FSTYPE /)
FOUND
  device=${source%%\[*}
  kind=$(lsblk -dno TYPE "$device" 2>/dev/null | head -n 1)
  if [ -z "$kind" ] || [ "$device" != "$source" ] && [ "$type" != btrfs ]; then
    echo "the root of $(uname -n) is on $source ($type), which is no disk of its own"
    return 0
  fi
  case $kind in
    lvm) grow_volume "$device" ;;
    *) grow_partition "$device" ;;
  esac
  case $type in
    ext2|ext3|ext4) resize2fs "$device" ;;
    xfs) xfs_growfs / ;;
    btrfs) btrfs filesystem resize max / ;;
    *) # a tenth is what a file system may need for itself
      [ $(($(df -B1 --output=size / | tail -n 1) / 9)) -ge $(($(lsblk -bdno SIZE "$device" | head -n 1) / 10)) ] ||
        fail "nothing here knows how to do that with type $type" ;;
  esac
}

# nothing that runs may read on in this text, which is on standard input
grow_root </dev/null
