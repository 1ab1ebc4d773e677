package review

import (
	"regexp"
	"strconv"
	"strings"
)

// size is a number with one of Kubernetes' units: 5Gi, 500m, 3.
var size = regexp.MustCompile(`^([0-9.]+)(m|[kKMGTPE]i?)?$`)

const units = "KMGTPE"

// amount is a value as a number; false if it is none.
func amount(value any) (float64, bool) {
	switch value := value.(type) {
	case float64:
		return value, true
	case string:
		parts := size.FindStringSubmatch(value)
		if parts == nil {
			return 0, false
		}
		number, err := strconv.ParseFloat(parts[1], 64)
		if err != nil {
			return 0, false
		}
		unit := strings.ToUpper(parts[2])
		switch {
		case unit == "":
			return number, true
		case parts[2] == "m":
			return number / 1000, true
		}
		base := 1000.0
		if strings.HasSuffix(unit, "I") {
			base = 1024
		}
		for range strings.IndexByte(units, unit[0]) + 1 {
			number *= base
		}
		return number, true
	}
	return 0, false
}

// compare is positive if the value becomes smaller; 0 if one of the two is no number.
func compare(p Property) float64 {
	before, was := amount(p.Old)
	after, is := amount(p.New)
	if !was || !is {
		return 0
	}
	return before - after
}
