package disks

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/iransre/exchange-platform/sandbox/hosts/rootfs"
	"golang.org/x/sys/unix"
)

// settle does to the directory lower what was done to an overlay of it, whose upper layer holds the changes. A missing upper
// layer holds none.
func settle(upper, lower string) error {
	entries, err := os.ReadDir(upper)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		from, to := filepath.Join(upper, entry.Name()), filepath.Join(lower, entry.Name())
		info, err := os.Lstat(from)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a program that still has the layer open removed it
		}
		if err != nil {
			return err
		}
		if !info.IsDir() || replaces(from, to) {
			if err := rootfs.Remove(to); err != nil {
				return err
			}
		}
		if err := settleEntry(from, to, info); err != nil {
			return err
		}
	}
	return nil
}

func settleEntry(from, to string, info fs.FileInfo) error {
	mode := info.Mode()
	switch mode.Type() {
	case fs.ModeDir:
		if err := os.Mkdir(to, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return errors.Join(settle(from, to), os.Chmod(to, mode.Perm()|mode&fs.ModeSticky))
	case fs.ModeSymlink:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case fs.ModeNamedPipe:
		return syscall.Mkfifo(to, uint32(mode.Perm()))
	case 0:
		content, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		return errors.Join(os.WriteFile(to, content, 0o600), os.Chmod(to, mode.Perm()))
	default:
		return nil // the device that stands for a deleted file, or a socket that nobody can reach any more
	}
}

// replaces tells whether a directory of the upper layer hides the one below instead of adding to it.
func replaces(upper, lower string) bool {
	if info, err := os.Lstat(lower); err == nil && !info.IsDir() {
		return true
	}
	value := make([]byte, 1)
	n, err := unix.Getxattr(upper, "user.overlay.opaque", value)
	return err == nil && n == 1 && value[0] == 'y'
}
