package systemd

import (
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// The moments are those that `systemd-analyze calendar --base-time=…` of a real system would give, worked out by hand.
func TestCalendars(t *testing.T) {
	base := time.Date(2026, 11, 22, 13, 45, 10, 500, time.UTC) // a Sunday
	for expression, want := range map[string]string{
		"*-*-* 00/1:20:00":      "2026-11-22 14:20:00",
		"*-*-* 00/6:40:00":      "2026-11-22 18:40:00",
		"*-*-* 03:15:00":        "2026-11-23 03:15:00",
		"*:*:0/5":               "2026-11-22 13:45:15",
		"*:45:10":               "2026-11-22 14:45:10",
		"*:*":                   "2026-11-22 13:46:00",
		"hourly":                "2026-11-22 14:00:00",
		"weekly":                "2026-11-23 00:00:00",
		"monthly":               "2026-12-01 00:00:00",
		"Fri..Mon 12:00":        "2026-11-23 12:00:00",
		"Mon *-*-1..7 03:00:00": "2026-12-07 03:00:00",
		"Wed,Sat 08,20:30 UTC":  "2026-11-25 08:30:00",
		"02-29":                 "2028-02-29 00:00:00",
		"2027-01-01 00:00:00":   "2027-01-01 00:00:00",
		"2020-01-01 00:00:00":   "0001-01-01 00:00:00",
		"*-02-30 00:00:00":      "0001-01-01 00:00:00",
		"*-*-* 10..16/3:00:00":  "2026-11-22 16:00:00",
		"2026-11-22 13:45:10":   "0001-01-01 00:00:00",
	} {
		c, err := parseCalendar(expression)
		assert.NilError(t, err)
		assert.Check(t, c.next(base).Format(time.DateTime) == want, "%s: %s, want %s", expression, c.next(base).Format(time.DateTime), want)
	}
	for expression, says := range map[string]string{
		"whenever": "no day of the week", "*-*-* 25:00:00": "not within 0 to 23", "*-*-~1 00:00:00": "no number", "*:0/0": "no repetition", "*-*-* 00/24:00:00": "no repetition",
		"1 2 3": "does not know this form", "*-*-*-* 1:00": "does not know this form", "Mon..": "no day of the week", "9..5:00": "not within",
	} {
		_, err := parseCalendar(expression)
		assert.Check(t, err != nil, expression)
		if err != nil {
			assert.ErrorContains(t, err, says)
		}
	}
}

func TestLengthsOfTime(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90": 90 * time.Second, "5min": 5 * time.Minute, "1h 30min": 90 * time.Minute, "2 days": 48 * time.Hour, "1.5s": 1500 * time.Millisecond, "250ms": 250 * time.Millisecond,
	} {
		got, known := parseLength(text)
		assert.Check(t, known && got == want, "%s: %s", text, got)
	}
	for _, text := range []string{"", "soon", "5 fortnights", "1h or so", "infinity"} {
		_, known := parseLength(text)
		assert.Check(t, !known, text)
	}
}
