package arvan

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// GiB in sectors of 512 bytes.
const sectorsPerGiB = 1 << 21

// disk is a disk as the script of the root's disk finds it.
type disk struct {
	source, fsType, kind string   // of the root
	partitions           []string // that are on it, for which there is room
	missing              string   // a program that the image does not have
	growpart             string   // what growpart says when it fails
	df, size             string   // bytes of the file system and of its device
}

// grown are the programs that change something, as the script calls them.
func (d disk) grown(t *testing.T) (calls []string, said string, err error) {
	t.Helper()
	root := t.TempDir()
	write := func(path, text string, mode os.FileMode) {
		path = filepath.Join(root, path)
		assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		assert.NilError(t, os.WriteFile(path, []byte(text), mode))
	}
	program := func(name, script string) {
		if name != d.missing {
			write("bin/"+name, "#!/bin/sh\ncat >/dev/null\n"+script+"\n", 0o755)
		}
	}
	for _, name := range []string{"resize2fs", "xfs_growfs", "btrfs", "pvresize", "lvextend"} {
		program(name, `echo `+name+` "$@" >>"$ROOT/calls"`)
	}
	program("growpart", `echo growpart "$@" >>"$ROOT/calls"; [ -z "$GROWPART" ] || { echo "$GROWPART"; exit 1; }`)
	program("findmnt", "echo '"+d.source+" "+d.fsType+"'")
	program("df", "echo 1B-blocks; echo '"+d.df+"'")
	program("pvs", "echo '  /dev/vda3'; echo '  /dev/vdb1'")
	program("lvs", `case $* in *vg_free_count*) echo '  10239' ;; *) echo '  rocky' ;; esac`)
	program("lsblk", `case "$*" in
  *TYPE*) [ -n "$KIND" ] && echo "$KIND" || { echo "lsblk: not a block device" >&2; exit 32; } ;;
  *SIZE*) echo "$SIZE" ;;
  *PKNAME*/vd?[0-9]) echo "$3" | sed 's|/dev/||; s|[0-9]$||' ;;
  *) echo ;;
esac`)
	for _, disk := range []string{"vda", "vdb"} {
		write("sys/class/block/"+disk+"/size", "104857600\n", 0o644) // 50 GiB
		for _, number := range []string{"1", "3"} {
			part, size := disk+number, 49*sectorsPerGiB
			for _, with := range d.partitions {
				if with == part {
					size = 24 * sectorsPerGiB
				}
			}
			dir := "sys/class/block/" + part + "/"
			write(dir+"partition", number+"\n", 0o644)
			write(dir+"start", "1048576\n", 0o644)
			write(dir+"size", strconv.Itoa(size)+"\n", 0o644)
		}
	}
	// none of this machine's own programs but the harmless ones
	for _, name := range []string{"sh", "cat", "sed", "head", "tail", "tr", "basename", "uname"} {
		path, err := exec.LookPath(name)
		assert.NilError(t, err)
		assert.NilError(t, os.Symlink(path, filepath.Join(root, "bin", name)))
	}
	run := exec.Command(filepath.Join(root, "bin/sh"))
	run.Env = []string{"PATH=" + root + "/bin", "ROOT=" + root, "SYSFS=" + root + "/sys", "KIND=" + d.kind, "GROWPART=" + d.growpart, "SIZE=" + d.size}
	run.Stdin = strings.NewReader(rootDisk)
	output, err := run.CombinedOutput()
	text, _ := os.ReadFile(filepath.Join(root, "calls"))
	for line := range strings.Lines(string(text)) {
		calls = append(calls, strings.TrimSpace(line))
	}
	return calls, string(output), err
}

func TestTheRootsFileSystemGetsAllOfItsDisk(t *testing.T) {
	for name, test := range map[string]struct {
		disk
		calls []string
	}{
		"an image of Ubuntu":      {disk{source: "/dev/vda1", fsType: "ext4", kind: "part", partitions: []string{"vda1"}}, []string{"growpart /dev/vda 1", "resize2fs /dev/vda1"}},
		"its boot has done it":    {disk{source: "/dev/vda1", fsType: "ext4", kind: "part", missing: "growpart"}, []string{"resize2fs /dev/vda1"}},
		"without partitions":      {disk{source: "/dev/vda", fsType: "xfs", kind: "disk"}, []string{"xfs_growfs /"}},
		"a subvolume":             {disk{source: "/dev/vda3[/@]", fsType: "btrfs", kind: "part", partitions: []string{"vda3"}}, []string{"growpart /dev/vda 3", "btrfs filesystem resize max /"}},
		"logical volumes":         {disk{source: "/dev/mapper/rocky-root", fsType: "xfs", kind: "lvm", partitions: []string{"vda3"}}, []string{"growpart /dev/vda 3", "pvresize /dev/vda3", "pvresize /dev/vdb1", "lvextend -l +100%FREE /dev/mapper/rocky-root", "xfs_growfs /"}},
		"a container":             {disk{source: "overlay", fsType: "overlay"}, nil},
		"a folder of this disk":   {disk{source: "/dev/vda1[/machines/m1]", fsType: "ext4", kind: "part", partitions: []string{"vda1"}}, nil},
		"full, of an unknown one": {disk{source: "/dev/vda1", fsType: "zfs", kind: "part", df: "48000000000", size: "52000000000"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			calls, said, err := test.grown(t)
			assert.NilError(t, err, said)
			assert.DeepEqual(t, calls, test.calls)
		})
	}
}

func TestWhatCannotBeGrownIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		disk
		says string
	}{
		"no growpart":      {disk{source: "/dev/vda1", fsType: "ext4", kind: "part", partitions: []string{"vda1"}, missing: "growpart"}, "growpart is not installed, which makes partition 1 of /dev/vda larger: make it larger by hand, and run up again"},
		"growpart fails":   {disk{source: "/dev/vda1", fsType: "ext4", kind: "part", partitions: []string{"vda1"}, growpart: "NOCHANGE: partition 1 is followed by 2"}, "growpart /dev/vda 1 did not help (NOCHANGE: partition 1 is followed by 2)"},
		"an unknown type":  {disk{source: "/dev/vda1", fsType: "zfs", kind: "part", df: "24000000000", size: "52000000000"}, "nothing here knows how to do that with type zfs"},
		"resize2fs is not": {disk{source: "/dev/vda1", fsType: "ext4", kind: "part", missing: "resize2fs"}, "resize2fs: not found"},
	} {
		t.Run(name, func(t *testing.T) {
			_, said, err := test.grown(t)
			assert.Assert(t, err != nil, said)
			assert.Assert(t, strings.Contains(said, test.says), said)
		})
	}
}
