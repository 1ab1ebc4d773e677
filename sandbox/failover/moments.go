package failover

import "time"

// moments are when something succeeded, in order.
type moments []time.Time

// pause is the longest time between two of them of which the later came after a moment.
func (m moments) pause(after time.Time) time.Duration {
	longest := time.Duration(0)
	for i, at := range m {
		if i > 0 && at.After(after) {
			longest = max(longest, at.Sub(m[i-1]))
		}
	}
	return longest
}

// steady tells whether there were some for so long until now, without a pause of a second.
func (m moments) steady(now time.Time, so time.Duration) bool {
	last := now
	for i := len(m) - 1; i >= 0; i-- {
		// the newest may still be on its way here
		if last.Sub(m[i]) > time.Second && i < len(m)-1 || now.Sub(m[len(m)-1]) > 3*time.Second {
			return false
		}
		last = m[i]
		if now.Sub(last) > so {
			return true
		}
	}
	return false
}
