package ingress

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
)

// askedHeader is a header that a request must have, or it is refused.
type askedHeader struct{ name, value string }

// answered tells whether a request has it. NGINX' map compares without regard to case.
func (h *askedHeader) answered(header http.Header) bool {
	return h == nil || strings.EqualFold(header.Get(h.name), h.value)
}

var (
	includeFile  = regexp.MustCompile(`^include (\S+);$`)
	mapOfHeader  = regexp.MustCompile(`^map \$http_(\w+) (\$\w+) \{\s+default 0;\s+"([^"]+)" 1;\s+\}$`)
	refuseUnless = regexp.MustCompile(`^if \((\$\w+) = 0\) \{ return 403; \}$`)
)

// readSnippets reads of NGINX' own language the one thing that the platform says in it: a file with a map, by which requests without a
// header are refused. Anything else is a mistake, as NGINX' test of its configuration would find one.
func readSnippets(http, server string) (*askedHeader, error) {
	if http == "" && server == "" {
		return nil, nil
	}
	include, refusal := includeFile.FindStringSubmatch(http), refuseUnless.FindStringSubmatch(server)
	if include == nil || refusal == nil {
		return nil, fmt.Errorf("http-snippet %q with server-snippet %q: only a header that is asked for is understood", http, server)
	}
	text, err := os.ReadFile(include[1])
	if err != nil {
		return nil, fmt.Errorf("http-snippet: %w", err)
	}
	found := mapOfHeader.FindStringSubmatch(strings.TrimSpace(string(text)))
	if found == nil || found[2] != refusal[1] {
		return nil, fmt.Errorf("http-snippet: %s has no map of a header to %s", include[1], refusal[1])
	}
	return &askedHeader{name: strings.ReplaceAll(found[1], "_", "-"), value: found[3]}, nil
}
