package real

// Groups names the control groups of the machines that dir keeps.
func Groups(dir string) ([]string, error) { return findGroups(dir) }

// Processes are those in these groups.
func Processes(names []string) []int { return groups(names).processes() }

// CheckInotify is the check of the limits in this folder.
func CheckInotify(limits string) error { return checkInotify(limits) }
