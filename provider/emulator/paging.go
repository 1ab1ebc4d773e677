package emulator

import (
	"fmt"
	"net/http"
	"strconv"
)

// page answers one page of a CDN list, with the links and meta fields that belong to it.
func (c *call) page(items []map[string]any) reply {
	number, size := c.positive("page", 1), min(c.positive("per_page", 25), 100)
	last := max(1, (len(items)+size-1)/size)
	start := min((number-1)*size, len(items))
	end := min(start+size, len(items))
	link := func(to int) any {
		if to < 1 || to > last {
			return nil
		}
		return fmt.Sprintf("%s?page=%d", c.path, to)
	}
	var from, to any
	if start < end {
		from, to = start+1, end
	}
	return reply{http.StatusOK, map[string]any{
		"data":  items[start:end],
		"links": map[string]any{"first": link(1), "last": link(last), "prev": link(number - 1), "next": link(number + 1)},
		"meta": map[string]any{
			"current_page": number, "from": from, "last_page": last, "path": c.path, "per_page": size, "to": to, "total": len(items),
		},
	}}
}

// positive reads a positive number from the query.
func (c *call) positive(name string, otherwise int) int {
	if value, err := strconv.Atoi(c.query.Get(name)); err == nil && value > 0 {
		return value
	}
	return otherwise
}
