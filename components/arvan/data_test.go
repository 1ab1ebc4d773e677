package arvan

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

const (
	dataVolume = "0b5f0c1e-9d2f-4b7e-8a53-2f4d6f1c9a10"
	dataLine   = "UUID=" + dataVolume + " PATH ext4 noatime,nofail,x-systemd.device-timeout=3min 0 2\n"
)

// dataMachine is a machine as the script of the data volume finds it.
type dataMachine struct {
	device  string   // where the volume is; empty if it does not appear
	size    string   // in bytes; 200 GiB if empty
	holds   string   // what wipefs finds on it
	own     string   // it has the volume's own file system, which is found by its UUID ("found") or not ("hidden")
	mounted string   // the number of the device that is mounted there
	fstab   string   // what /etc/fstab has; PATH is where the volume is to be mounted
	files   []string // that lie there
}

// use runs the script. changes are the programs that changed something, as it called them.
func (d dataMachine) use(t *testing.T) (changes []string, fstab, said string, err error) {
	t.Helper()
	root := t.TempDir()
	path := filepath.Join(root, "data")
	write := func(name, text string, mode os.FileMode) {
		name = filepath.Join(root, name)
		assert.NilError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		assert.NilError(t, os.WriteFile(name, []byte(text), mode))
	}
	for _, name := range []string{"mkfs.ext4", "mount", "resize2fs", "systemctl"} {
		write("bin/"+name, `#!/bin/sh
echo `+name+` "$@" >>"$ROOT/calls"
`, 0o755)
	}
	write("bin/blkid", `#!/bin/sh
case "$*" in
  "-U `+dataVolume+`") [ "$OWN" = found ] && echo "$DEVICE" ;;
  "-p -s UUID -o value $DEVICE") [ -n "$OWN" ] && echo `+dataVolume+` ;;
esac
`, 0o755)
	write("bin/blockdev", `#!/bin/sh
[ "$2" = "$DEVICE" ] && echo "$SIZE"
`, 0o755)
	write("bin/wipefs", `#!/bin/sh
[ -z "$HOLDS" ] || echo "$HOLDS"
`, 0o755)
	write("bin/mountpoint", `#!/bin/sh
case $1 in
  -q) [ -n "$MOUNTED" ] ;;
  -d) echo "$MOUNTED" ;;
  -x) echo 254:16 ;;
esac
`, 0o755)
	for _, name := range []string{"sh", "cut", "seq", "grep", "sed", "ls", "mkdir", "mv", "uname", "sleep"} {
		found, err := exec.LookPath(name)
		assert.NilError(t, err)
		assert.NilError(t, os.Symlink(found, filepath.Join(root, "bin", name)))
	}
	write("etc/fstab", strings.ReplaceAll(d.fstab, "PATH", path), 0o644)
	for _, file := range d.files {
		write("data/"+file, "", 0o644)
	}
	if d.size == "" {
		d.size = "214748364800"
	}
	run := exec.Command(filepath.Join(root, "bin/sh"), "-s", "--", path, dataVolume, "200", "/dev/vdb")
	run.Env = []string{
		"PATH=" + root + "/bin", "ROOT=" + root, "ETC=" + root + "/etc", "PATIENCE=1",
		"DEVICE=" + d.device, "SIZE=" + d.size, "HOLDS=" + d.holds, "OWN=" + d.own, "MOUNTED=" + d.mounted,
	}
	run.Stdin = strings.NewReader(dataDisk)
	output, err := run.CombinedOutput()
	text, _ := os.ReadFile(filepath.Join(root, "calls"))
	for line := range strings.Lines(string(text)) {
		changes = append(changes, strings.ReplaceAll(strings.TrimSpace(line), path, "PATH"))
	}
	table, readErr := os.ReadFile(filepath.Join(root, "etc/fstab"))
	assert.NilError(t, readErr)
	if err == nil {
		unit, err := os.ReadFile(filepath.Join(root, "etc/systemd/system/kubelet.service.d/20-data-volume.conf"))
		assert.NilError(t, err)
		assert.Equal(t, string(unit), "[Unit]\nRequiresMountsFor="+path+"\n")
	}
	return changes, strings.ReplaceAll(string(table), path, "PATH"), strings.ReplaceAll(string(output), path, "PATH"), err
}

func TestADataVolumeIsFormattedOnceAndMounted(t *testing.T) {
	const (
		format = "mkfs.ext4 -q -m 1 -L data -U " + dataVolume + " /dev/"
		mount  = "mount -o noatime /dev/"
		root   = "UUID=1234 / ext4 defaults 0 1\n"
		old    = "UUID=5678 PATH ext4 noatime 0 2\n"
	)
	serial := "/dev/disk/by-id/virtio-" + dataVolume[:20]
	for name, test := range map[string]struct {
		dataMachine
		changes []string
		fstab   string
	}{
		"a new volume":            {dataMachine{device: "/dev/vdb", fstab: root}, []string{format + "vdb", mount + "vdb PATH", "systemctl daemon-reload", "resize2fs /dev/vdb"}, root + dataLine},
		"known by its id":         {dataMachine{device: serial}, []string{strings.TrimSuffix(format, "/dev/") + serial, strings.TrimSuffix(mount, "/dev/") + serial + " PATH", "systemctl daemon-reload", "resize2fs " + serial}, dataLine},
		"on another machine":      {dataMachine{device: "/dev/vdc", own: "found", holds: "ext4"}, []string{mount + "vdc PATH", "systemctl daemon-reload", "resize2fs /dev/vdc"}, dataLine},
		"found as told":           {dataMachine{device: "/dev/vdb", own: "hidden", holds: "ext4"}, []string{mount + "vdb PATH", "systemctl daemon-reload", "resize2fs /dev/vdb"}, dataLine},
		"again":                   {dataMachine{device: "/dev/vdb", own: "found", mounted: "254:16", fstab: root + dataLine, files: []string{"pvc-1"}}, []string{"systemctl daemon-reload", "resize2fs /dev/vdb"}, root + dataLine},
		"in place of another one": {dataMachine{device: "/dev/vdb", fstab: root + old}, []string{format + "vdb", mount + "vdb PATH", "systemctl daemon-reload", "resize2fs /dev/vdb"}, root + dataLine},
	} {
		t.Run(name, func(t *testing.T) {
			changes, fstab, said, err := test.use(t)
			assert.NilError(t, err, said)
			assert.DeepEqual(t, changes, test.changes)
			assert.Equal(t, fstab, test.fstab)
		})
	}
}

func TestNothingIsFormattedOrHiddenThatIsThere(t *testing.T) {
	for name, test := range map[string]struct {
		dataMachine
		says string
	}{
		"it does not appear":   {dataMachine{}, "no device of it appears, neither by its id nor as /dev/vdb"},
		"another file system":  {dataMachine{device: "/dev/vdb", holds: "vdb 0x438 1234 ext4"}, "/dev/vdb has something on it already that is not this volume's file system, and is left as it is:\nvdb 0x438 1234 ext4"},
		"not grown":            {dataMachine{device: "/dev/vdb", own: "found", size: "107374182400"}, "/dev/vdb has 100 GiB there instead of 200"},
		"another one is there": {dataMachine{device: "/dev/vdb", own: "found", mounted: "254:32"}, "something else is mounted there"},
		"files are there":      {dataMachine{device: "/dev/vdb", own: "found", files: []string{"pvc-1"}}, "there are files on the root disk, which it would hide"},
		"mounted elsewhere":    {dataMachine{device: "/dev/vdb", own: "found", fstab: "UUID=" + dataVolume + " /old ext4 noatime 0 2\n"}, "it is mounted at /old, and the volumes of pods with it: put kubernetes.dataPath back"},
	} {
		t.Run(name, func(t *testing.T) {
			changes, fstab, said, err := test.use(t)
			assert.Assert(t, err != nil, said)
			assert.Assert(t, strings.Contains(said, test.says), said)
			assert.Assert(t, !slices.ContainsFunc(changes, func(call string) bool { return strings.HasPrefix(call, "m") }), "%v", changes)
			assert.Equal(t, fstab, test.fstab)
		})
	}
}

func TestAVolumeStaysAsLargeAsItIsWhileItsNodeDoes(t *testing.T) {
	left := Data{}
	for _, resource := range []string{"w1-data", "w2-data", "w3-data", "backups"} {
		left.Take(resource, 200)
	}
	assert.DeepEqual(t, left, Data{"w1": 200, "w2": 200, "w3": 200})
	assert.Equal(t, len(left.Refusals(Nodes{{Name: "w1", Data: 200}, {Name: "w2", Data: 300}, {Name: "w4"}})), 0)
	assert.Equal(t, len(left.Refusals(Nodes{{Name: "w1", Data: 100}, {Name: "w2"}})), 2)
	assert.DeepEqual(t, left.Left(Nodes{{Name: "w1"}}), []string{"w2-data", "w3-data"})
}
