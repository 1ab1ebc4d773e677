package real

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/iransre/exchange-platform/provider/emulator"
)

// volume is a cloud's volume on a running machine: a loop device that ends when nobody has it open, us included.
type volume struct {
	loop   *os.File
	device string // in the machine, below /dev
	gib    int
}

// volumeFile is where the content of a volume is, whatever machine it is attached to.
func (h *Hosts) volumeFile(id string) string { return filepath.Join(h.opts.Dir, ".volumes", id) }

// RemoveVolume forgets what is on a volume.
func (h *Hosts) RemoveVolume(_ context.Context, id string) {
	if !validID.MatchString(id) {
		return
	}
	if err := os.Remove(h.volumeFile(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		h.log.Error("volume not removed", "volume", id, "error", err)
	}
	_ = os.Remove(filepath.Dir(h.volumeFile(id))) // the last one takes the folder along
}

// attach gives a running machine the volumes that its state asks for, and takes the others away.
func (m *machine) attach(run *running) error {
	wanted := m.state.Get().Machine.Volumes
	run.mu.Lock()
	defer run.mu.Unlock()
	for id, attached := range run.volumes {
		if slices.ContainsFunc(wanted, func(v emulator.Volume) bool { return v.ID == id }) {
			continue
		}
		// A disk that is pulled out is nobody's any more; here it would stay with whoever has it mounted.
		err := run.execute(`! grep -q "^/dev/$1 " /proc/mounts || { sync -f "$(findmnt -nfo TARGET "/dev/$1")"; umount -l "/dev/$1"; }`, attached.device)
		if err := errors.Join(err, run.removeDevice(attached.device), attached.loop.Close()); err != nil {
			return err
		}
		delete(run.volumes, id)
	}
	for _, each := range wanted {
		if attached := run.volumes[each.ID]; attached != nil {
			if err := m.hosts.growVolume(attached, each); err != nil {
				return fmt.Errorf("volume %s: %w", each.ID, err)
			}
			continue
		}
		made, err := m.hosts.attachVolume(run, each)
		if err != nil {
			return fmt.Errorf("volume %s: %w", each.ID, err)
		}
		if run.volumes == nil {
			run.volumes = map[string]*volume{}
		}
		run.volumes[each.ID] = made
	}
	return nil
}

// growVolume makes a volume larger while it is attached.
func (h *Hosts) growVolume(attached *volume, spec emulator.Volume) error {
	if attached.gib >= spec.GiB {
		return nil
	}
	if err := os.Truncate(h.volumeFile(spec.ID), int64(spec.GiB)<<30); err != nil {
		return err
	}
	attached.gib = spec.GiB
	return unix.IoctlSetInt(int(attached.loop.Fd()), unix.LOOP_SET_CAPACITY, 0)
}

// mountKnown mounts what /etc/fstab says of volumes, as a boot does: systemd leaves devices alone in a container, and nothing finds
// them by their UUIDs there.
func (run *running) mountKnown() error {
	return run.execute(`for device in /dev/vd[b-z]; do
  [ -b "$device" ] && id=$(blkid -p -s UUID -o value "$device") || continue
  path=$(sed -n "s|^UUID=$id \([^ ]*\) .*|\1|p" /etc/fstab)
  [ -z "$path" ] || mount -o noatime "$device" "$path" || true
done`)
}

// execute runs a script as root in the machine.
func (run *running) execute(script string, arguments ...string) error {
	leader, err := run.process.leader()
	if err != nil {
		return err
	}
	command := exec.Command("nsenter", append([]string{"--target", strconv.Itoa(leader), "--mount", "--pid", "--", "/bin/sh", "-ec", script, "inside"}, arguments...)...)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(output))
	}
	return nil
}

// attachVolume makes one volume a device of the machine: under the name that its cloud says, unless another has that one.
func (h *Hosts) attachVolume(run *running, spec emulator.Volume) (*volume, error) {
	if !validID.MatchString(spec.ID) {
		return nil, errors.New("its id is not usable as a name")
	}
	device := strings.TrimPrefix(spec.Device, "/dev/")
	for letter := 'b'; device == "" || run.hasDevice(device); letter++ {
		device = "vd" + string(letter)
	}
	path := h.volumeFile(spec.ID)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := file.Truncate(int64(spec.GiB) << 30); err != nil {
		return nil, err
	}
	loop, err := loopDevice(file)
	if err != nil {
		return nil, fmt.Errorf("a loop device: %w", err)
	}
	if err := run.makeDevice(device, loop); err != nil {
		return nil, errors.Join(err, loop.Close())
	}
	return &volume{loop, device, spec.GiB}, nil
}

func (run *running) hasDevice(name string) bool {
	for _, each := range run.volumes {
		if each.device == name {
			return true
		}
	}
	return false
}

// loopDevice makes a file a block device, as long as somebody has that open.
func loopDevice(file *os.File) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer control.Close()
	for {
		number, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, err
		}
		loop, err := os.OpenFile(fmt.Sprintf("/dev/loop%d", number), os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		config := &unix.LoopConfig{Fd: uint32(file.Fd()), Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR}}
		err = unix.IoctlLoopConfigure(int(loop.Fd()), config)
		if err == nil {
			return loop, nil
		}
		_ = loop.Close()
		if !errors.Is(err, unix.EBUSY) { // which means that another was quicker
			return nil, err
		}
	}
}

// makeDevice makes a block device of ours one of the machine's.
func (run *running) makeDevice(name string, device *os.File) error {
	var stat unix.Stat_t
	if err := unix.Fstat(int(device.Fd()), &stat); err != nil {
		return err
	}
	const disk = 6 // the group, in Debian
	return run.inDevices(func(dir int) error {
		return errors.Join(unix.Mknodat(dir, name, unix.S_IFBLK|0o660, int(stat.Rdev)), unix.Fchownat(dir, name, 0, disk, 0))
	})
}

func (run *running) removeDevice(name string) error {
	return run.inDevices(func(dir int) error { return unix.Unlinkat(dir, name, 0) })
}

func (run *running) inDevices(do func(dir int) error) error {
	leader, err := run.process.leader()
	if err != nil {
		return err
	}
	dir, err := os.Open(fmt.Sprintf("/proc/%d/root/dev", leader))
	if err != nil {
		return err
	}
	defer dir.Close()
	return do(int(dir.Fd()))
}
