//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
)

// cdn asks the emulated CDN something about the domain's records.
func (s *sandbox) cdn(t *testing.T, method, path string, body, into any) {
	t.Helper()
	key, err := s.Secret("api-key")
	assert.NilError(t, err)
	text, err := json.Marshal(body)
	assert.NilError(t, err)
	request, err := http.NewRequest(method, s.APIURL()+"/cdn/4.0/domains/iransre.ir/dns-records"+path, bytes.NewReader(text))
	assert.NilError(t, err)
	request.Header.Set("Authorization", "Apikey "+key)
	response, err := http.DefaultClient.Do(request)
	assert.NilError(t, err)
	defer response.Body.Close()
	assert.Assert(t, response.StatusCode < 300, response.Status)
	assert.NilError(t, json.NewDecoder(response.Body).Decode(into))
}

type record struct {
	ID, Name, Type string
	Value          []struct{ IP string }
}

// A record of the exchange's name that somebody made by hand is neither doubled nor overwritten: the up says how to take it over, and
// after that it is the stack's.
func TestARecordMadeByHandIsImported(t *testing.T) {
	beside(t, time.Minute)
	s := newSandbox(t, "e2e-import", "demo")
	s.must(t, "preview", "demo") // makes the world
	var made struct{ Data record }
	s.cdn(t, "POST", "", map[string]any{"type": "a", "name": "demo", "value": []any{map[string]any{"ip": "192.0.2.9"}}}, &made)
	id := "iransre.ir/" + made.Data.ID
	there := "there is a DNS record " + id + " already that is not this stack's"
	assert.Assert(t, is.Contains(s.must(t, "preview", "demo"), there), "the preview names it")
	output, err := s.run(t, "up", "demo")
	assert.Assert(t, err != nil, output)
	assert.Assert(t, is.Contains(output, there))
	assert.Assert(t, is.Contains(output, "pulumi import arvancloud:cdn:DnsRecord edge-record "+id))

	list := filepath.Join(t.TempDir(), "import.json")
	output, err = s.tool(t, nil, "pulumi", "preview", "--import-file", list, "--non-interactive")
	assert.NilError(t, err, output)
	text, err := os.ReadFile(list)
	assert.NilError(t, err)
	var file map[string]any
	assert.NilError(t, json.Unmarshal(text, &file))
	file["resources"] = slices.DeleteFunc(file["resources"].([]any), func(each any) bool { return each.(map[string]any)["name"] != "edge-record" })
	assert.Equal(t, len(file["resources"].([]any)), 1, "%s", text)
	file["resources"].([]any)[0].(map[string]any)["id"] = id
	text, err = json.Marshal(file)
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(list, text, 0o600))
	output, err = s.tool(t, nil, "pulumi", "import", "--file", list, "--generate-code=false", "--protect=false", "--yes", "--non-interactive")
	assert.NilError(t, err, output)

	s.must(t, "up", "demo")
	var listed struct{ Data []record }
	s.cdn(t, "GET", "?type=a", nil, &listed)
	mine := slices.DeleteFunc(listed.Data, func(each record) bool { return each.Name != "demo" })
	assert.Equal(t, len(mine), 1, "%v", listed.Data)
	assert.Equal(t, mine[0].ID, made.Data.ID, "it is the same record")
	assert.Assert(t, mine[0].Value[0].IP != "192.0.2.9", "and leads to the workers now")
}
