package workspace

import (
	"fmt"
	"os"
	"syscall"
)

// CheckRoom is an error if the disk that holds the sandbox has less than this many MiB free. The disks of its machines are
// folders on it: without this, it is a machine in the cloud that is blamed.
func (w *Workspace) CheckRoom(mebibytes uint64) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(w.Dir, &disk); err != nil {
		return fmt.Errorf("room in %s: %w", w.Dir, err)
	}
	free := disk.Bavail * uint64(disk.Bsize) >> 20
	if free >= mebibytes {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	return fmt.Errorf("the disk of this machine, %s, on which the sandbox lies (%s) has %d MiB free, and %d are needed: make room there. "+
		"The sandbox's virtual machines have their disks on it, so what they say of theirs is about this one", host, w.Dir, free, mebibytes)
}
