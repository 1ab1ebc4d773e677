package real

// Groups names the control groups of the machines that dir keeps.
func Groups(dir string) ([]string, error) { return findGroups(dir) }

// Processes are those in these groups.
func Processes(names []string) []int { return groups(names).processes() }
