package real

import (
	"bytes"
	"fmt"
	"os/exec"
	"strconv"
)

// What launch.sh does about the room on a machine's disk, and what is done while it runs: both in the machine's directory. A file
// takes all blocks that are left; nothing is written for most of them. What was deleted a moment ago is free only after the file system's
// next commit, so those are waited for.
const (
	fillScript = `sync -f disk; touch disk/ballast
fallocate --length "$(($(stat -f -c '%a * %S' disk)))" disk/ballast 2>/dev/null || true
for again in 1 2; do
  dd if=/dev/zero bs=4k oflag=append conv=notrunc of=disk/ballast 2>/dev/null || true
  sync -f disk
done`
	freeScript = `rm -f disk/ballast`
)

// room makes the disk of a running machine full, or gives it its room back.
func (m *machine) room(script string) error {
	run, err := m.live()
	if err != nil {
		return nil // it is done when the machine starts
	}
	pid := strconv.Itoa(run.process.command.Process.Pid)
	command := exec.Command("nsenter", "--target", pid, "--mount", "--", "/bin/sh", "-ec", `cd "$1"; `+script, "room", m.dir)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("the disk of %s: %w: %s", m.Name(), err, bytes.TrimSpace(output))
	}
	return nil
}
