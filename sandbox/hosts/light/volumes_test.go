package light_test

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
)

// A volume is what it is on a real machine: without a file system at first, mounted again after a boot, and with all that is on it on
// another machine.
func TestAVolumeGoesFromMachineToMachine(t *testing.T) {
	w := lighttest.New(t)
	w.Make("w1", "w2")
	const uuid = "0b5f0c1e-9d2f-4b7e-8a53-2f4d6f1c9a10"
	attached, plain := w.Specs["w1"], w.Specs["w1"]
	attached.Volumes = []emulator.Volume{{ID: "volume-1", GiB: 3, Device: "/dev/vdb"}}
	w.MakeFrom(attached)
	assert.Equal(t, w.Must("w1", "sudo blockdev --getsize64 /dev/vdb; sudo wipefs --noheadings /dev/vdb; sudo blkid -U "+uuid+" || echo none"), "3221225472\nnone")
	assert.Assert(t, cmp.Contains(w.Run("w1", "sudo mount /dev/vdb /mnt").Stderr, "/dev/vdb has no file system"))
	assert.Equal(t, w.Run("w1", "sudo blockdev --getsize64 /dev/vdc").Code, 1)

	open := w.Login("ubuntu", "w1")
	w.Must("w1", "sudo mkfs.ext4 -q -m 1 -L data -U "+uuid+" /dev/vdb && sudo mkdir /opt/data && sudo mount -o noatime UUID="+uuid+" /opt/data && touch /opt/data/kept")
	assert.Equal(t, lighttest.Run(t, open, "", "ls /opt/data; mountpoint -q /opt/data && mountpoint -d /opt/data; mountpoint -x /dev/vdb; sudo blkid -U "+uuid+"; sudo blkid -p -s UUID -o value /dev/vdb").Stdout,
		"kept\nlost+found\n254:16\n254:16\n/dev/vdb\n"+uuid+"\n")
	w.Must("w1", "echo 'UUID="+uuid+" /opt/data ext4 noatime,nofail 0 2' >>/etc/fstab")
	assert.NilError(t, w.Reboot(t.Context(), "w1"))
	assert.Equal(t, w.Must("w1", "ls /opt/data"), "kept\nlost+found", "mounted again by a boot")
	assert.NilError(t, w.Close())
	w.Open()
	assert.Equal(t, w.Must("w1", "ls /opt/data"), "kept\nlost+found", "and when the daemon comes back")

	attached.Volumes[0].GiB = 5
	w.MakeFrom(attached)
	assert.Equal(t, w.Must("w1", "sudo resize2fs /dev/vdb && sudo blockdev --getsize64 /dev/vdb"), "5368709120")
	made, err := os.ReadFile(filepath.Join(w.Options.Dir, ".volumes/volume-1/filesystem.json"))
	assert.NilError(t, err)
	assert.Equal(t, string(made), `{"uuid":"`+uuid+`","gib":5}`)

	w.MakeFrom(plain)
	assert.Equal(t, w.Must("w1", "ls /opt/data; mountpoint -q /opt/data || echo gone"), "gone")
	other := w.Specs["w2"]
	other.Volumes = []emulator.Volume{{ID: "volume-1", GiB: 5, Device: "/dev/vdb"}}
	w.MakeFrom(other)
	assert.Equal(t, w.Must("w2", "sudo mount /dev/vdb /mnt && ls /mnt && sudo umount /mnt && ls /mnt"), "kept\nlost+found")
	other.Volumes = nil
	w.MakeFrom(other)
	w.RemoveVolume(t.Context(), "volume-1")
	_, err = os.Stat(filepath.Join(w.Options.Dir, ".volumes"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
