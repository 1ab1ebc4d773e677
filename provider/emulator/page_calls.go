package emulator

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pageSecond is one bar of the chart of calls, in hundredths of the highest.
type pageSecond struct {
	Position, Good, Bad int
	Title               string
}

// pageRequest is a call that was served.
type pageRequest struct {
	RequestRecord
	Key, Clock, Where, Short, Class string
}

// pageRead is a path that was read without failure in the last minute, however often.
type pageRead struct {
	Key, Where, Short string
	Count             int
	Age               string
}

const (
	pageRequests = 30
	pageReads    = 15
	chartSeconds = 60
)

// lastCalls sorts the calls in two: those that changed something or failed, one by one, and what was read. A client that waits
// reads the same thing over and over, and would leave nothing else to see.
func lastCalls(records []RequestRecord, total int, now time.Time) (requests []pageRequest, reads []pageRead) {
	known := map[string]int{}
	for i, r := range slices.Backward(records) {
		if r.Method != http.MethodGet || r.failed() || r.Fault != "" {
			if len(requests) < pageRequests {
				requests = append(requests, r.shown(total-len(records)+1+i))
			}
			continue
		}
		if now.Sub(r.Time) > chartSeconds*time.Second {
			continue
		}
		if at, seen := known[r.Path]; seen {
			reads[at].Count++
		} else if len(reads) < pageReads {
			known[r.Path] = len(reads)
			where, short := splitPath(r.Path)
			reads = append(reads, pageRead{Key: r.Path, Where: where, Short: short, Count: 1, Age: age(r.Time, now)})
		}
	}
	slices.SortFunc(reads, func(a, b pageRead) int { return cmp.Compare(a.Key, b.Key) })
	return requests, reads
}

// chart counts the calls of each of the last seconds.
func chart(records []RequestRecord, now time.Time) (seconds []pageSecond, busiest int) {
	good, bad := make([]int, chartSeconds), make([]int, chartSeconds)
	for _, r := range records {
		at := chartSeconds - 1 - int(now.Unix()-r.Time.Unix())
		if at < 0 || at >= chartSeconds {
			continue
		}
		if r.failed() {
			bad[at]++
		} else {
			good[at]++
		}
		busiest = max(busiest, good[at]+bad[at])
	}
	for at := range good {
		bar := pageSecond{Position: at}
		if busiest > 0 {
			bar.Good, bar.Bad = 100*good[at]/busiest, 100*bad[at]/busiest
			bar.Title = fmt.Sprintf("%d s ago: %d calls, %d failed", chartSeconds-1-at, good[at]+bad[at], bad[at])
		}
		seconds = append(seconds, bar)
	}
	return seconds, busiest
}

func (r RequestRecord) failed() bool { return r.Status == 0 || r.Status >= http.StatusBadRequest }

// shown is the call as a line of the page; number is its place among all calls.
func (r RequestRecord) shown(number int) pageRequest {
	line := pageRequest{RequestRecord: r, Key: strconv.Itoa(number), Clock: r.Time.Format("15:04:05.000")}
	line.Where, line.Short = splitPath(r.Path)
	switch {
	case r.failed():
		line.Class = "failed"
	case r.Method != http.MethodGet:
		line.Class = "good"
	}
	return line
}

// longID is an id of which the first digits are enough for a person.
var longID = regexp.MustCompile(`\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)

// splitPath is the zone, or "cdn", and the path behind it with ids cut short.
func splitPath(path string) (where, short string) {
	bare, query, asked := strings.Cut(path, "?")
	short = shortPath(bare)
	if asked {
		short += "?" + query
	}
	short = longID.ReplaceAllString(short, "$1…")
	if rest, inZone := strings.CutPrefix(bare, "/ecc/v1/regions/"); inZone {
		where, _, _ = strings.Cut(rest, "/")
	} else if strings.HasPrefix(bare, "/cdn/") {
		where = "cdn"
	}
	return where, short
}
