package world

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Status is what a running world says of itself.
type Status struct {
	// PID is the world's process; every other process of the sandbox is its descendant.
	PID   int    `json:"pid"`
	Parts []Part `json:"parts"`
	// ResidentMiB is the memory of all its processes.
	ResidentMiB int `json:"residentMiB"`
}

// Part is one piece of the world.
type Part struct {
	Name string `json:"name"`
	// Kind says what is real about it: "real", "stand-in", "emulator".
	Kind    string `json:"kind"`
	Address string `json:"address,omitempty"`
	State   string `json:"state"`
}

// residentMiB adds up the memory of the process pid and all its descendants, in MiB.
func residentMiB(pid int) int {
	children := map[int][]int{}
	resident := map[int]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	for _, stat := range stats {
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // ended meanwhile
		}
		// the name, in parentheses, may hold spaces: the fields are counted from behind it
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		parent, _ := strconv.Atoi(fields[1])
		children[parent] = append(children[parent], id)
		resident[id] = residentKiB(id)
	}
	return sum(pid, children, resident) / 1024
}

func sum(pid int, children map[int][]int, resident map[int]int) int {
	total := resident[pid]
	for _, child := range children[pid] {
		total += sum(child, children, resident)
	}
	return total
}

func residentKiB(pid int) int {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), "VmRSS:"); found {
			kib, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			return kib
		}
	}
	return 0
}

// WatchMemory samples the memory of the process pid and its descendants until the returned function is called, which
// returns the most that was seen, in MiB.
func WatchMemory(pid int) (peak func() int) {
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		most := 0
		for {
			select {
			case <-stop:
				done <- most
				return
			case <-tick.C:
				most = max(most, residentMiB(pid))
			}
		}
	}()
	return func() int {
		close(stop)
		return <-done
	}
}
