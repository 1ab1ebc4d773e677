//go:build e2e

package e2e

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
)

// undoes are the commands that a report of drift gives.
var undoes = regexp.MustCompile("(?m)^  - undo: `(.*)`$")

// handMade changes the cluster and the account by hand: both are found by ./scripts/drift, and undone by the commands that it gives.
func handMade(t *testing.T, s *sandbox) {
	environ, err := s.Environ(s.stack)
	assert.NilError(t, err)
	bash := func(line string) (string, int) {
		t.Helper()
		cmd := exec.Command("bash", "-c", line)
		cmd.Env = environ
		output, err := s.execute(t, cmd)
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return output, cmd.ProcessState.ExitCode()
	}
	quiet := func() {
		t.Helper()
		report, code := bash("./scripts/drift --record " + s.stack)
		assert.Equal(t, code, 0, report)
	}
	quiet()

	output, err := s.tool(t, nil, "kubectl", "--namespace", "exchange", "scale", "deployment", "exchange-web", "--replicas=4")
	assert.NilError(t, err, output)
	var listed struct{ Data []record }
	s.cdn(t, "GET", "?type=a", nil, &listed)
	i := slices.IndexFunc(listed.Data, func(each record) bool { return each.Name == "demo" })
	assert.Assert(t, i >= 0, "%v", listed.Data)
	var changed struct{ Data record }
	s.cdn(t, "PUT", "/"+listed.Data[i].ID, map[string]any{
		"type": "a", "name": "demo", "ttl": 600, "cloud": true, "value": []any{map[string]any{"ip": "192.0.2.66"}},
	}, &changed)

	report, code := bash("./scripts/drift --record " + s.stack)
	assert.Equal(t, code, 4, report)
	assert.Check(t, is.Contains(report, "- `apps/v1/Deployment/exchange/exchange-web` of release `exchange/exchange`\n  - `spec.replicas` is `4`, not `1`, by `kubectl`"))
	assert.Check(t, is.Contains(report, "- `edge-record (arvancloud:cdn:DnsRecord)`\n"))
	assert.Check(t, is.Contains(report, "  - `ttl` is `600`, not `120`\n"))
	found := undoes.FindAllStringSubmatch(report, -1)
	assert.Equal(t, len(found), 2, report)
	for _, each := range found {
		// pulumi asks a person first
		output, code := bash(strings.Replace(each[1], "pulumi up ", "pulumi up --yes ", 1))
		assert.Equal(t, code, 0, "%s: %s", each[1], output)
	}
	quiet()
}
