package alerts

import (
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/messages"
)

// expected is what has to arrive.
type expected struct {
	// said are texts that a message has, first it and then that it is over.
	said, over string
	// names is what a message by Telegram says it is about; there is no room for that in an SMS.
	names string
	ways  []messages.Way
}

// ofRule is what is said of an alert, by the platform's templates.
func ofRule(r rule, names string, ways []messages.Way) expected {
	return expected{said: r.summary, over: r.summary, names: names, ways: ways}
}

// Words with which a message says that it is over, by Telegram and by SMS.
var overWords = []string{"برطرف شد:", "رفع شد:"}

// heard finds the first message by each of the ways, and gives the moment at which the last of these was there; false as long as one is missing.
// over asks for those that say it is over, after the moment given.
func (e expected) heard(all []messages.Arrived, after time.Time, over bool) (first messages.Arrived, at time.Time, complete bool) {
	for _, way := range e.ways {
		found := slices.IndexFunc(all, func(m messages.Arrived) bool { return m.Way == way && m.At.After(after) && e.is(m, over) })
		if found < 0 {
			return first, at, false
		}
		if first.Text == "" {
			first = all[found]
		}
		if all[found].At.After(at) {
			at = all[found].At
		}
	}
	return first, at, true
}

// missing are the ways by which nothing has come.
func (e expected) missing(all []messages.Arrived, after time.Time, over bool) []string {
	var ways []string
	for _, way := range e.ways {
		if !slices.ContainsFunc(all, func(m messages.Arrived) bool { return m.Way == way && m.At.After(after) && e.is(m, over) }) {
			ways = append(ways, string(way))
		}
	}
	return ways
}

// is tells whether one of the alerts that a message is about is the expected one. By Telegram there may be several, a blank line between them.
func (e expected) is(message messages.Arrived, over bool) bool {
	text := e.said
	if over {
		text = e.over
	}
	for part := range strings.SplitSeq(message.Text, "\n\n") {
		if !strings.Contains(part, text) || saysOver(part) != over {
			continue
		}
		if message.Way != messages.Telegram || strings.Contains(part, e.names) {
			return true
		}
	}
	return false
}

func saysOver(text string) bool {
	return slices.ContainsFunc(overWords, func(words string) bool { return strings.Contains(text, words) })
}

// firstLine is the one of a message that people see first, without the marks of HTML.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.NewReplacer("<b>", "", "</b>", "").Replace(line)
}

// others are the first lines of what is said of none of the faults by Telegram, to which everything goes, each once.
func others(all []messages.Arrived, after time.Time, wanted []expected) []string {
	var lines []string
	for _, message := range all {
		if message.Way != messages.Telegram || !message.At.After(after) || saysOver(message.Text) {
			continue
		}
		known := slices.ContainsFunc(wanted, func(e expected) bool { return e.is(message, false) })
		if line := firstLine(message.Text); !known && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}
