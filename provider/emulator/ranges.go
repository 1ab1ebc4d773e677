package emulator

import (
	"fmt"
	"net/http"
	"strings"
)

// rangesPath is where ArvanCloud's site lists the addresses from which its CDN connects to origins. It asks for no key.
const rangesPath = "/en/ips.txt"

// usualRanges are those that hold EdgeAddress, and some more.
var usualRanges = []string{
	"185.143.232.0/22", "188.229.116.16/29", "94.101.182.0/27", "2.144.3.128/28", "89.45.48.64/28", "37.32.16.0/27", "37.32.17.0/27",
	"37.32.18.0/27", "37.32.19.0/27", "185.215.232.0/22",
}

func (e *Emulator) serveRanges(w http.ResponseWriter) {
	e.mu.Lock()
	ranges := e.options.Ranges
	e.mu.Unlock()
	if len(ranges) == 0 {
		ranges = usualRanges
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, strings.Join(ranges, "\n"))
}
