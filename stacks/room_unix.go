//go:build linux || darwin

package stacks

import "syscall"

// freeMebibytes is what the disk that holds the folder has.
func freeMebibytes(folder string) (uint64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, err
	}
	return disk.Bavail * uint64(disk.Bsize) >> 20, nil
}
