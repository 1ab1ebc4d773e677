package systemd

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// lengths are systemd's units of time; a bare number is of seconds.
var (
	lengths = map[string]time.Duration{
		"": time.Second, "s": time.Second, "sec": time.Second, "ms": time.Millisecond, "m": time.Minute, "min": time.Minute,
		"h": time.Hour, "hr": time.Hour, "hour": time.Hour, "d": 24 * time.Hour, "day": 24 * time.Hour, "w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour,
	}
	lengthPart = regexp.MustCompile(`^([0-9.]+) *([a-z]*) *`)
)

// parseLength reads a length of time as systemd writes them, such as "90", "5min" or "1h 30min".
func parseLength(text string) (time.Duration, bool) {
	total := time.Duration(0)
	for rest := text; ; {
		part := lengthPart.FindStringSubmatch(rest)
		if part == nil {
			return 0, false
		}
		number, err := strconv.ParseFloat(part[1], 64)
		unit, known := lengths[part[2]]
		if !known {
			unit, known = lengths[strings.TrimSuffix(part[2], "s")]
		}
		if err != nil || !known {
			return 0, false
		}
		total += time.Duration(number * float64(unit))
		if rest = rest[len(part[0]):]; rest == "" {
			return total, true
		}
	}
}
