package emulator

import (
	"cmp"
	"net/http"
	"regexp"
	"strings"
)

// edgeRule is what a page rule has the CDN do with a request.
type edgeRule struct {
	headers  map[string]string // that the origin gets
	redirect string            // where the request is sent instead; empty for nowhere
	status   int
}

// ruleFor finds the page rule of a request: the first of the domain's that is switched on and whose pattern is for it. No other one counts.
func (e *Emulator) ruleFor(host, path string) (found edgeRule) {
	e.mu.Lock()
	defer e.mu.Unlock()
	host = strings.ToLower(host)
	for _, d := range e.world.Domains {
		if host != d.Name && !strings.HasSuffix(host, "."+d.Name) {
			continue
		}
		for _, o := range d.holder("/page-rules").Members {
			view := pageRule.view(o.Fields)
			pattern, _ := view["url"].(string)
			if view["status"] != true || !patternOf(pattern).MatchString(host+path) {
				continue
			}
			found.headers = map[string]string{}
			headers, _ := view["req_custom_headers"].([]any)
			for _, each := range headers {
				header, _ := each.(map[string]any)
				name, _ := header["name"].(string)
				found.headers[name], _ = header["value"].(string)
			}
			if redirect, _ := view["redirect"].(map[string]any); redirect["enable"] == true {
				status, _ := redirect["status_code"].(float64)
				found.redirect, _ = redirect["url"].(string)
				found.status = cmp.Or(int(status), http.StatusMovedPermanently)
			}
			return found
		}
	}
	return edgeRule{}
}

// patternOf is a page rule's pattern as an expression: * is anything up to the next slash, ** anything.
func patternOf(pattern string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(strings.ToLower(pattern))
	quoted = strings.ReplaceAll(quoted, `\*\*`, `.*`)
	return regexp.MustCompile("(?i)^" + strings.ReplaceAll(quoted, `\*`, `[^/]*`) + "$")
}
