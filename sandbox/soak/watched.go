package soak

import (
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/transcript"
)

// watched is the output of an update under way.
type watched struct{ transcript.Transcript }

// reach waits until so many steps have been told, and then a while; done if the update ends before.
func (o *watched) reach(moment int, after time.Duration, ended <-chan error) (failure error, done bool) {
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	var strike <-chan time.Time
	for {
		if strike == nil && steps(o.String()) >= moment {
			strike = time.After(after)
		}
		select {
		case failure = <-ended:
			return failure, true
		case <-strike:
			return nil, false
		case <-poll.C:
		}
	}
}

// steps is how many beginnings and ends of operations pulumi has told. A moment is counted by them: it is the same one on a
// machine that is busy.
func steps(output string) (told int) {
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); len(line) > 0 && strings.ContainsRune("+-~", rune(line[0])) {
			told++
		}
	}
	return told
}

// last is the last line of a text that is not only dots.
func last(text string) string {
	lines := strings.Split(text, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if line := strings.TrimSpace(lines[i]); line != "" && !strings.HasPrefix(line, "@") {
			return line
		}
	}
	return "nothing yet"
}
