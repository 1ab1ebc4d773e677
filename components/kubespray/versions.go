package kubespray

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// carried holds, by Kubespray release, the newest patch of each Kubernetes minor it has checksums for: each release
// carries three minors, all their patches up to that one, and no others.
var carried = map[string]map[int]int{
	"v2.28.1": {30: 14, 31: 12, 32: 8},
	"v2.29.1": {31: 14, 32: 10, 33: 7},
	"v2.30.0": {32: 11, 33: 7, 34: 3},
	"v2.31.0": {33: 11, 34: 7, 35: 4},
}

// Releases lists the Kubespray releases this program knows, oldest first.
func Releases() []string { return slices.Sorted(maps.Keys(carried)) }

// Carries tells whether a Kubespray release can install a Kubernetes version (with or without the leading "v"); the error
// says which it can.
func Carries(kubespray, kubernetes string) error {
	minors, known := carried[kubespray]
	if !known {
		return fmt.Errorf("kubespray: %q is no release this program knows; it knows %s",
			kubespray, strings.Join(Releases(), ", "))
	}
	if minor, patch, ok := parseVersion(kubernetes); ok {
		if newest, there := minors[minor]; there && patch <= newest {
			return nil
		}
	}
	var ranges []string
	for _, minor := range slices.Sorted(maps.Keys(minors)) {
		ranges = append(ranges, fmt.Sprintf("1.%d.0-1.%d.%d", minor, minor, minors[minor]))
	}
	return fmt.Errorf("kubernetes: version %q is not carried by Kubespray %s, which has %s",
		kubernetes, kubespray, strings.Join(ranges, ", "))
}

func parseVersion(text string) (minor, patch int, ok bool) {
	parts := strings.Split(strings.TrimPrefix(text, "v"), ".")
	if len(parts) != 3 || parts[0] != "1" {
		return 0, 0, false
	}
	minor, minorErr := strconv.Atoi(parts[1])
	patch, patchErr := strconv.Atoi(parts[2])
	return minor, patch, minorErr == nil && patchErr == nil && minor >= 0 && patch >= 0
}
