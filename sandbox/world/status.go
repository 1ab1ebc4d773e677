package world

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts"
)

// Status is what a running world says of itself.
type Status struct {
	// PID is the world's process; every other process of the sandbox is its descendant.
	PID int `json:"pid"`
	// Build tells which builds of its programs it was started from.
	Build string `json:"build"`
	Parts []Part `json:"parts"`
	// Machines are its virtual machines, sorted by name.
	Machines []hosts.Status `json:"machines"`
	// MemoryMiB is the memory of all its processes.
	MemoryMiB int `json:"memoryMiB"`
	// FreeMiB is the memory that is left on the machine that it runs on.
	FreeMiB int `json:"freeMiB"`
	// Pods are those of the cluster that the machines have made of themselves.
	Pods *Pods `json:"pods,omitempty"`
	// Edge is where the CDN answers, where machines serve what it could pass on.
	Edge *Edge `json:"edge,omitempty"`
}

// MachinesMiB is the memory of what runs on the machines, where it is counted, and of what they cache and use.
func (s *Status) MachinesMiB() int {
	sum := 0
	for _, machine := range s.Machines {
		sum += machine.MemoryMiB
	}
	return sum
}

// Pods says how real a cluster's pods are. Those that have ended do not count.
type Pods struct {
	Real      int      `json:"real"`
	Simulated int      `json:"simulated"`
	NotReady  []string `json:"notReady,omitempty"` // of the real ones
}

// Edge is where the CDN answers.
type Edge struct {
	HTTP  string   `json:"http"`
	HTTPS string   `json:"https"`
	Names []string `json:"names"` // those it answers for
}

// Part is one piece of the world.
type Part struct {
	Name string `json:"name"`
	// Kind says what is real about it: "real", "stand-in", "emulator".
	Kind    string `json:"kind"`
	Address string `json:"address,omitempty"`
	State   string `json:"state"`
}

// memoryMiB adds up the memory of the process pid and all its descendants, in MiB.
func memoryMiB(pid int) int {
	children := map[int][]int{}
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
	}
	return sumKiB(pid, children) / 1024
}

func sumKiB(pid int, children map[int][]int) int {
	total := proportionalKiB(pid)
	for _, child := range children[pid] {
		total += sumKiB(child, children)
	}
	return total
}

// proportionalKiB is a process's memory with each page that several share divided among them: the control plane is one
// binary run five times, and its pages are in memory once.
func proportionalKiB(pid int) int {
	file, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), "Pss:"); found {
			kib, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(value, "kB")))
			return kib
		}
	}
	return 0
}

// freeMiB is what programs that start now could have, in MiB.
func freeMiB() int {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "MemAvailable:"); found {
			kib, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")))
			return kib >> 10
		}
	}
	return 0
}

// WatchMemory samples the memory of the process pid and its descendants until the returned function is called, which
// returns the most that was seen, in MiB.
func WatchMemory(pid int) (peak func() int) {
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		most := 0
		for {
			select {
			case <-stop:
				done <- most
				return
			case <-tick.C:
				most = max(most, memoryMiB(pid))
			}
		}
	}()
	return func() int {
		close(stop)
		return <-done
	}
}
