package generate

import (
	"strings"
	"testing"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"golang.org/x/crypto/bcrypt"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

type values = map[string]property.Value

const urn = resource.URN("urn:pulumi:demo::exchange::random:index/randomPassword:RandomPassword::it")

func newServer(t *testing.T) integration.Server {
	t.Helper()
	server, err := integration.NewServer(t.Context(), "random", semver.MustParse("4.21.1"), integration.WithProvider(Provider()))
	assert.NilError(t, err)
	return server
}

func create(t *testing.T, inputs values, dryRun bool) p.CreateResponse {
	t.Helper()
	server := newServer(t)
	checked, err := server.Check(p.CheckRequest{Urn: urn, Inputs: property.NewMap(inputs)})
	assert.NilError(t, err)
	assert.Equal(t, len(checked.Failures), 0, "%v", checked.Failures)
	created, err := server.Create(p.CreateRequest{Urn: urn, Properties: checked.Inputs, DryRun: dryRun})
	assert.NilError(t, err)
	return created
}

func diff(t *testing.T, created p.CreateResponse, before, after values) p.DiffResponse {
	t.Helper()
	response, err := newServer(t).Diff(p.DiffRequest{
		Urn: urn, ID: created.ID, State: created.Properties,
		OldInputs: property.NewMap(before), Inputs: property.NewMap(after),
	})
	assert.NilError(t, err)
	return response
}

func TestPassword(t *testing.T) {
	inputs := values{"length": property.New(24.0), "special": property.New(false), "minNumeric": property.New(3.0)}
	created := create(t, inputs, false)
	assert.Equal(t, created.ID, "none", "the id does not tell the password")
	result := created.Properties.Get("result")
	assert.Assert(t, result.Secret())
	assert.Equal(t, len(result.AsString()), 24)
	assert.Assert(t, !strings.ContainsAny(result.AsString(), specialCharacters))
	assert.Assert(t, len(strings.Trim(result.AsString(), lowerCharacters+upperCharacters)) > 0)
	hash := created.Properties.Get("bcryptHash")
	assert.Assert(t, hash.Secret())
	assert.NilError(t, bcrypt.CompareHashAndPassword([]byte(hash.AsString()), []byte(result.AsString())))
	for name, expected := range map[string]property.Value{
		"lower": property.New(true), "upper": property.New(true), "numeric": property.New(true), "number": property.New(true),
		"special": property.New(false), "minLower": property.New(0.0), "minNumeric": property.New(3.0),
	} {
		assert.Assert(t, expected.Equals(created.Properties.Get(name)), "%s is %v", name, created.Properties.Get(name))
	}
	again := create(t, inputs, false)
	assert.Assert(t, result.AsString() != again.Properties.Get("result").AsString())
}

func TestEachClassHasItsMinimum(t *testing.T) {
	created := create(t, values{
		"length": property.New(4.0), "minLower": property.New(1.0), "minUpper": property.New(1.0),
		"minNumeric": property.New(1.0), "minSpecial": property.New(1.0), "overrideSpecial": property.New("§"),
	}, false)
	result := created.Properties.Get("result").AsString()
	for _, class := range []string{lowerCharacters, upperCharacters, numericCharacters, "§"} {
		assert.Assert(t, strings.ContainsAny(result, class), "%q has none of %q", result, class)
	}
}

func TestPreviewKnowsThatTheValueIsSecret(t *testing.T) {
	created := create(t, values{"length": property.New(24.0)}, true)
	assert.Assert(t, created.Properties.Get("result").IsComputed())
	assert.Assert(t, created.Properties.Get("result").Secret(), "it is known to be secret")
}

func TestEveryChangeReplaces(t *testing.T) {
	before := values{"length": property.New(24.0), "keepers": property.New(values{"year": property.New("2026")})}
	created := create(t, before, false)

	unchanged := diff(t, created, before, values{
		"length": before["length"], "keepers": before["keepers"], "special": property.New(true),
	})
	assert.Assert(t, !unchanged.HasChanges, "saying the default is no change")

	changed := diff(t, created, before, values{
		"length": property.New(32.0), "keepers": property.New(values{"year": property.New("2027")}),
	})
	assert.Assert(t, changed.HasChanges)
	assert.Equal(t, len(changed.DetailedDiff), 2)
	assert.Equal(t, changed.DetailedDiff["length"].Kind, p.UpdateReplace)
	assert.Equal(t, changed.DetailedDiff["keepers"].Kind, p.UpdateReplace)
}

func TestImpossibleTextsAreRefused(t *testing.T) {
	no := property.New(false)
	for message, inputs := range map[string]values{
		"must be at least 1, got: 0": {"length": property.New(0.0)},
		"= 9, got: 8":                {"length": property.New(8.0), "minUpper": property.New(9.0)},
		"at least one of lower":      {"length": property.New(8.0), "lower": no, "upper": no, "numeric": no, "special": no},
	} {
		checked, err := newServer(t).Check(p.CheckRequest{Urn: urn, Inputs: property.NewMap(inputs)})
		assert.NilError(t, err)
		assert.Equal(t, len(checked.Failures), 1)
		assert.Assert(t, cmp.Contains(checked.Failures[0].Reason, message))
	}
}

func TestTheOfficialProvidersStateIsUnderstood(t *testing.T) {
	inputs := values{"length": property.New(8.0)}
	created := create(t, inputs, false)
	created.Properties = created.Properties.Set("id", property.New("none")).Set("__meta", property.New("{}"))
	assert.Assert(t, !diff(t, created, inputs, inputs).HasChanges)
	read, err := newServer(t).Read(p.ReadRequest{
		Urn: urn, ID: "none", Properties: created.Properties, Inputs: property.NewMap(inputs),
	})
	assert.NilError(t, err)
	assert.Equal(t, read.ID, "none")
}
