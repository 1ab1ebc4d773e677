package emulator

import "time"

// keptRequests is how many calls are remembered.
const keptRequests = 1000

// RequestRecord is a call that was served. It holds neither the key nor a body.
type RequestRecord struct {
	Time         time.Time `json:"time"`
	Method       string    `json:"method"`
	Path         string    `json:"path"`
	Status       int       `json:"status"` // 0 when the connection was reset
	Milliseconds int64     `json:"milliseconds"`
	Message      string    `json:"message,omitempty"`
	Fault        string    `json:"fault,omitempty"`
	UserAgent    string    `json:"userAgent,omitempty"`
}

// requestLog is the last calls, oldest first.
type requestLog struct {
	records []RequestRecord
	total   int
}

func (l *requestLog) add(r RequestRecord) {
	l.total++
	if len(l.records) >= 2*keptRequests {
		l.records = append([]RequestRecord(nil), l.records[keptRequests:]...)
	}
	l.records = append(l.records, r)
}

func (l *requestLog) last(n int) []RequestRecord {
	n = min(n, len(l.records), keptRequests)
	return append([]RequestRecord{}, l.records[len(l.records)-n:]...)
}

// Requests returns the last n calls, oldest first; at most 1000 are remembered.
func (e *Emulator) Requests(n int) []RequestRecord {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.requests.last(n)
}

// RequestCount is how many calls were served, remembered or not.
func (e *Emulator) RequestCount() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.requests.total
}
