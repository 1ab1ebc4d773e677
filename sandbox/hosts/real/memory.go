package real

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// memoryMiB is the memory that processes in the groups use, with what of the page cache they need. The cache that the kernel would give
// back at once does not count.
func (g groups) memoryMiB() int {
	for _, dir := range g {
		for usage, inactive := range map[string]string{"memory.usage_in_bytes": "total_inactive_file", "memory.current": "inactive_file"} {
			text, err := os.ReadFile(filepath.Join(dir, usage))
			if err != nil {
				continue // not the hierarchy that counts memory
			}
			used, _ := strconv.Atoi(strings.TrimSpace(string(text)))
			statistics, _ := os.ReadFile(filepath.Join(dir, "memory.stat"))
			for line := range strings.Lines(string(statistics)) {
				if value, found := strings.CutPrefix(line, inactive+" "); found {
					cached, _ := strconv.Atoi(strings.TrimSpace(value))
					used -= cached
				}
			}
			return used >> 20
		}
	}
	return 0
}
