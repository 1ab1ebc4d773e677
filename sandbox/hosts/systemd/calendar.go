package systemd

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// calendar is an OnCalendar= expression: a moment fits that fits each of its parts.
type calendar struct {
	weekdays                               []span
	year, month, day, hour, minute, second []span
}

// span is a range of numbers with a step, of which a single number is one.
type span struct{ first, last, step int }

// shorthands are the names systemd has for common expressions.
var shorthands = map[string]string{
	"minutely": "*-*-* *:*:00", "hourly": "*-*-* *:00:00", "daily": "*-*-* 00:00:00", "weekly": "Mon *-*-* 00:00:00",
	"monthly": "*-*-01 00:00:00", "yearly": "*-01-01 00:00:00", "annually": "*-01-01 00:00:00",
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// searchYears is how far ahead a calendar is searched for a fitting day; February 29th is never farther than eight years.
const searchYears = 8

// parseCalendar reads the forms of systemd.time(7) but for the last days of months (~), fractions of seconds, and zones other than UTC,
// which is also what a machine of the sandbox has.
func parseCalendar(text string) (c calendar, err error) {
	words := strings.Fields(text)
	if len(words) == 1 && shorthands[strings.ToLower(words[0])] != "" {
		words = strings.Fields(shorthands[strings.ToLower(words[0])])
	}
	if len(words) > 1 && words[len(words)-1] == "UTC" {
		words = words[:len(words)-1]
	}
	c.weekdays = []span{{0, 6, 1}}
	if len(words) > 0 && regexp.MustCompile(`^[A-Za-z]`).MatchString(words[0]) {
		if c.weekdays, err = parseWeekdays(words[0]); err != nil {
			return c, fmt.Errorf("OnCalendar=%s: %w", text, err)
		}
		words = words[1:]
	}
	date, clock := "*-*-*", "00:00:00"
	switch {
	case len(words) == 2:
		date, clock = words[0], words[1]
	case len(words) == 1 && strings.Contains(words[0], ":"):
		clock = words[0]
	case len(words) == 1:
		date = words[0]
	case len(words) > 2:
		return c, fmt.Errorf("OnCalendar=%s: the sandbox does not know this form", text)
	}
	if strings.Count(date, "-") == 1 {
		date = "*-" + date
	}
	if strings.Count(clock, ":") == 1 {
		clock += ":00"
	}
	parts := append(strings.Split(date, "-"), strings.Split(clock, ":")...)
	if len(parts) != 6 {
		return c, fmt.Errorf("OnCalendar=%s: the sandbox does not know this form", text)
	}
	for i, part := range []struct {
		into        *[]span
		first, last int
	}{{&c.year, 1970, 2199}, {&c.month, 1, 12}, {&c.day, 1, 31}, {&c.hour, 0, 23}, {&c.minute, 0, 59}, {&c.second, 0, 59}} {
		if *part.into, err = parseSpans(parts[i], part.first, part.last); err != nil {
			return c, fmt.Errorf("OnCalendar=%s: %w", text, err)
		}
	}
	return c, nil
}

func parseWeekdays(text string) ([]span, error) {
	var spans []span
	for part := range strings.SplitSeq(text, ",") {
		from, to, ranged := strings.Cut(part, "..")
		if !ranged {
			to = from
		}
		first, last := weekday(from), weekday(to)
		if first < 0 || last < 0 {
			return nil, fmt.Errorf("%q is no day of the week", part)
		}
		if first > last { // over the end of the week
			spans = append(spans, span{first, 6, 1})
			first = 0
		}
		spans = append(spans, span{first, last, 1})
	}
	return spans, nil
}

func weekday(name string) int {
	if len(name) < 3 {
		return -1
	}
	return slices.Index(weekdays, strings.ToLower(name[:3]))
}

// parseSpans reads *, numbers, ranges a..b and repetitions a/b, with commas between them.
func parseSpans(text string, lowest, highest int) ([]span, error) {
	var spans []span
	for part := range strings.SplitSeq(text, ",") {
		base, every, repeated := strings.Cut(part, "/")
		from, to, ranged := strings.Cut(base, "..")
		s := span{lowest, highest, 1}
		var err error
		if base != "*" {
			if s.first, err = strconv.Atoi(from); err != nil {
				return nil, fmt.Errorf("%q is no number", from)
			}
			if !repeated {
				s.last = s.first
			}
		}
		if ranged {
			if s.last, err = strconv.Atoi(to); err != nil {
				return nil, fmt.Errorf("%q is no number", to)
			}
		}
		if repeated {
			// As in systemd, a repetition fits into the range: for once a day, an hour is written without one.
			if s.step, err = strconv.Atoi(every); err != nil || s.step < 1 || s.step > highest-lowest {
				return nil, fmt.Errorf("%q is no repetition", every)
			}
		}
		if s.first < lowest || s.last > highest || s.first > s.last {
			return nil, fmt.Errorf("%q is not within %d to %d", part, lowest, highest)
		}
		spans = append(spans, s)
	}
	return spans, nil
}

func fits(spans []span, number int) bool {
	return slices.ContainsFunc(spans, func(s span) bool {
		return number >= s.first && number <= s.last && (number-s.first)%s.step == 0
	})
}

// next is the first moment after the given one that fits; the zero time if there is none.
func (c calendar) next(after time.Time) time.Time {
	t := after.UTC().Truncate(time.Second).Add(time.Second)
	for end := t.AddDate(searchYears, 0, 0); t.Before(end); {
		year, month, day := t.Date()
		switch {
		case !fits(c.year, year):
			t = time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC)
		case !fits(c.month, int(month)):
			t = time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
		case !fits(c.day, day), !fits(c.weekdays, int(t.Weekday())):
			t = time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC)
		case !fits(c.hour, t.Hour()):
			t = t.Truncate(time.Hour).Add(time.Hour)
		case !fits(c.minute, t.Minute()):
			t = t.Truncate(time.Minute).Add(time.Minute)
		case !fits(c.second, t.Second()):
			t = t.Add(time.Second)
		default:
			return t
		}
	}
	return time.Time{}
}
