package provider

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/provider/emulator"
)

// readme is the file with the table, between the two marks.
const (
	readme     = "README.md"
	tableBegin = "<!-- conformance: begin (generated: go test ./provider -run TestConformance -update) -->\n"
	tableEnd   = "<!-- conformance: end -->\n"
)

// tape notes which operations the provider under test calls.
type tape struct {
	mu    sync.Mutex
	calls map[emulator.Operation]bool
}

func (t *tape) RoundTrip(request *http.Request) (*http.Response, error) {
	called := emulator.RequestRecord{Method: request.Method, Path: request.URL.RequestURI()}.Operation()
	if request.URL.Path != "/en/ips.txt" { // of ArvanCloud's site, and no operation of the API
		t.mu.Lock()
		t.calls[called] = true
		t.mu.Unlock()
	}
	return http.DefaultTransport.RoundTrip(request)
}

// use is a resource or function that calls an operation, and the test that shows it.
type use struct{ what, test string }

// TestConformance lets every resource live and calls every function, notes which operations of the API they call, and compares
// that with the table in the README.
func TestConformance(t *testing.T) {
	uses := map[emulator.Operation][]use{}
	record := func(what, test string, act func(*testing.T, cloud, plugin)) {
		cloud, tape := newCloud(t), &tape{calls: map[emulator.Operation]bool{}}
		act(t, cloud, configured(t, cloud, startPluginOver(t, &http.Client{Transport: tape})))
		for operation := range tape.calls {
			assert.Assert(t, operation.Method != "", "%s calls something that the API does not have", what)
			uses[operation] = append(uses[operation], use{strings.TrimPrefix(what, Name+":"), test})
		}
	}
	for _, token := range slices.Sorted(maps.Keys(lives)) {
		record(string(token), "TestLives/"+string(token), func(t *testing.T, cloud cloud, plugin plugin) { live(t, cloud, plugin, token) })
	}
	for _, token := range slices.Sorted(maps.Keys(functionCalls)) {
		record(string(token), "TestEveryFunction/"+string(token), func(t *testing.T, _ cloud, plugin plugin) {
			_, err := plugin.invoke(token, functionCalls[token].arguments)
			assert.NilError(t, err)
		})
	}
	table := conformance(uses)
	content, err := os.ReadFile(readme)
	assert.NilError(t, err)
	before, rest, begins := strings.Cut(string(content), tableBegin)
	committed, after, ends := strings.Cut(rest, tableEnd)
	assert.Assert(t, begins && ends, "%s has lost the marks of the table", readme)
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile(readme, []byte(before+tableBegin+table+tableEnd+after), 0o644))
		return
	}
	assert.Equal(t, committed, table, "the table in provider/README.md is stale: run `go test ./provider -run TestConformance -update`")
}

// conformance is the table: the operations that are used, then those that are not.
func conformance(uses map[emulator.Operation][]use) string {
	var b strings.Builder
	b.WriteString("| operation | used by | covered by |\n|---|---|---|\n")
	var unused []string
	used := 0
	for _, operation := range emulator.Operations() {
		name := fmt.Sprintf("`%s %s`", operation.Method, shortened(operation.Path))
		users := uses[operation]
		if len(users) == 0 {
			unused = append(unused, name)
			continue
		}
		used++
		// Some lists are read for many resources; those whose life it is come first by name.
		slices.SortFunc(users, func(a, b use) int { return cmp.Compare(a.what, b.what) })
		var names, tests []string
		for _, user := range users {
			names, tests = append(names, user.what), append(tests, "`"+user.test+"`")
		}
		const enough = 3
		if more := len(tests) - enough; more > 0 {
			tests = append(tests[:enough], fmt.Sprintf("and %d more", more))
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, strings.Join(names, ", "), strings.Join(tests, ", "))
	}
	fmt.Fprintf(&b, "\n%d of the %d operations are used. Not used, because no resource needs them:\n\n", used, used+len(unused))
	for _, name := range unused {
		b.WriteString("- " + name + "\n")
	}
	return b.String()
}

// shortened leaves out what all paths of a product begin with.
func shortened(path string) string {
	path = strings.TrimPrefix(path, "/ecc/v1/regions/{zone}")
	return strings.TrimPrefix(path, "/cdn/4.0")
}

// TestEveryResourceHasALife keeps the table whole: a resource without a test of its life would be missing from it.
func TestEveryResourceHasALife(t *testing.T) {
	spec, err := p.GetSchema(t.Context(), Name, Version, New())
	assert.NilError(t, err)
	for token, resource := range spec.Resources {
		life := lives[tokens.Type(token)]
		assert.Check(t, life != nil, "%s has no test of its life", token)
		assert.Check(t, strings.Contains(resource.Description, "## Example Usage"), "%s has no example", token)
		assert.Check(t, strings.Contains(resource.Description, "## Import"), "%s does not tell its ids", token)
		for name, property := range resource.Properties {
			assert.Check(t, property.Description != "", "%s.%s has no description", token, name)
		}
	}
	for token := range spec.Functions {
		_, tested := functionCalls[tokens.Type(token)]
		assert.Check(t, tested, "%s is not tested", token)
	}
}

// TestEachKindHasANameOfItsOwn keeps kinds apart: what the session knows of their objects it knows by these names.
func TestEachKindHasANameOfItsOwn(t *testing.T) {
	known, names := map[string]bool{}, map[string]bool{}
	for _, resource := range resources {
		row := resource.Row()
		assert.Check(t, !known[string(row.Token)] && !names[row.Name], "%s, which messages call %q", row.Token, row.Name)
		known[string(row.Token)], names[row.Name] = true, true
	}
	assert.Equal(t, len(rows()), len(resources))
}

// TestExamplesAreRight checks the example in each resource's description as a program's inputs.
func TestExamplesAreRight(t *testing.T) {
	spec, err := p.GetSchema(t.Context(), Name, Version, New())
	assert.NilError(t, err)
	plugin := newPlugin(t, newCloud(t))
	for token, resource := range spec.Resources {
		_, rest, _ := strings.Cut(resource.Description, "```yaml\n")
		example, _, _ := strings.Cut(rest, "```")
		var program struct {
			Resources map[string]struct {
				Type       string         `json:"type"`
				Properties map[string]any `json:"properties"`
			} `json:"resources"`
		}
		assert.NilError(t, yaml.UnmarshalStrict([]byte(example), &program), "%s:\n%s", token, example)
		assert.Equal(t, program.Resources["example"].Type, token)
		inputs := references(property.New(props(program.Resources["example"].Properties))).AsMap()
		for name := range inputs.All {
			_, known := resource.InputProperties[name]
			assert.Check(t, known, "%s has no input %s", token, name)
		}
		assert.Check(t, len(plugin.failures(tokens.Type(token), inputs)) == 0, "%s: %v", token, plugin.failures(tokens.Type(token), inputs))
	}
}

// references makes references to other resources unknown.
func references(value property.Value) property.Value {
	switch {
	case value.IsString() && strings.HasPrefix(value.AsString(), "${"):
		return property.New(property.Computed)
	case value.IsMap():
		inner := value.AsMap()
		for name, element := range inner.All {
			inner = inner.Set(name, references(element))
		}
		return property.New(inner)
	case value.IsArray():
		var elements []property.Value
		for _, element := range value.AsArray().All {
			elements = append(elements, references(element))
		}
		return property.New(elements)
	}
	return value
}
