package provider

import (
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
)

func addressRecord(addresses ...any) map[string]any {
	list := []any{}
	for _, address := range addresses {
		list = append(list, map[string]any{"ip": address})
	}
	return map[string]any{"domain": testDomain, "name": "demo", "type": "a", "addresses": list}
}

func aliasRecord(host string) map[string]any {
	return map[string]any{"domain": testDomain, "name": "demo", "type": "cname", "value": map[string]any{"host": host}}
}

// What somebody else made under the name is named in the preview and refused in the update, with the way to take it over; what is just
// what is wanted is taken over.
func TestNothingIsMadeBesideWhatSomebodyElseMade(t *testing.T) {
	rule := map[string]any{"domain": testDomain, "url": "demo.iransre.ir/**", "cacheMode": "uri"}
	otherRule := map[string]any{"domain": testDomain, "url": "demo.iransre.ir/**", "cacheMode": "off"}
	balancer := func(address string) map[string]any {
		return map[string]any{"domain": testDomain, "name": "web",
			"pools": []any{map[string]any{"name": "workers", "origins": []any{map[string]any{"address": address}}}}}
	}
	domain := func(plan int) map[string]any { return map[string]any{"domain": testDomain, "planLevel": plan} }
	for name, test := range map[string]struct {
		token        tokens.Type
		theirs, ours map[string]any
		says         string
	}{
		"address":           {dnsRecordToken, addressRecord("192.0.2.9"), addressRecord("192.0.2.1"), "there is a DNS record ID already that is not this stack's (demo a "},
		"alias":             {dnsRecordToken, aliasRecord("old.example.com"), addressRecord("192.0.2.1"), "(demo cname "},
		"address for alias": {dnsRecordToken, addressRecord("192.0.2.9"), aliasRecord("new.example.com"), "(demo a "},
		"page rule":         {"arvancloud:traffic:PageRule", otherRule, rule, "there is a page rule ID already that is not this stack's (demo.iransre.ir/**)"},
		"load balancer":     {"arvancloud:traffic:LoadBalancer", balancer("192.0.2.9"), balancer("192.0.2.1"), "there is a load balancer ID already that is not this stack's (web)"},
		"domain":            {"arvancloud:cdn:Domain", domain(2), domain(3), "there is a domain ID already that is not this stack's (full, active)"},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			var id string
			if test.token == "arvancloud:cdn:Domain" {
				id = testDomain // the account has it, and it works
			} else {
				id = newPlugin(t, cloud).create(test.token, test.theirs).id
			}
			before := len(cloud.Contents())

			plugin := newPlugin(t, cloud)
			_, err := plugin.tryCreate(test.token, test.ours)
			says := strings.ReplaceAll(test.says, "ID", id)
			assert.ErrorContains(t, err, says)
			assert.ErrorContains(t, err, "pulumi import "+string(test.token)+" ")
			assert.Equal(t, len(cloud.Contents()), before)
			warnings := plugin.logs.warnings()
			assert.Equal(t, len(warnings), 1, "%q", warnings)
			assert.Assert(t, is.Contains(warnings[0], says))
			assert.Assert(t, is.Contains(warnings[0], "the update will refuse to make another: delete it, or take it over with `pulumi import "+string(test.token)))

			taken := newPlugin(t, cloud).imported(test.token, id)
			assert.Equal(t, taken.id, id, "the way out is one")
		})
	}
}

func TestWhatIsAsWantedIsTakenOver(t *testing.T) {
	cloud := newCloud(t)
	theirs := newPlugin(t, cloud).create(dnsRecordToken, addressRecord("192.0.2.1", "192.0.2.2"))
	plugin := newPlugin(t, cloud)
	ours := plugin.create(dnsRecordToken, addressRecord("192.0.2.1", "192.0.2.2"))
	assert.Equal(t, ours.id, theirs.id)
	assert.Equal(t, len(plugin.logs.warnings()), 0, "%q", plugin.logs.warnings())
}

// Not every record of a name is the answer to where it leads.
func TestRecordsThatStandBesideEachOther(t *testing.T) {
	cloud := newCloud(t)
	newPlugin(t, cloud).create(dnsRecordToken, map[string]any{"domain": testDomain, "name": "demo", "type": "txt", "value": map[string]any{"text": "theirs"}})
	plugin := newPlugin(t, cloud)
	plugin.create(dnsRecordToken, map[string]any{"domain": testDomain, "name": "demo", "type": "txt", "value": map[string]any{"text": "ours"}})
	plugin.create(dnsRecordToken, addressRecord("192.0.2.1"))
	plugin.create(dnsRecordToken, map[string]any{"domain": testDomain, "name": "demo", "type": "aaaa", "addresses": []any{map[string]any{"ip": "2001:db8::1"}}})
}

// A first preview does not know the addresses yet. It warns, and goes on: the file for an import is written by it.
func TestAPreviewWithoutAddressesWarns(t *testing.T) {
	cloud := newCloud(t)
	theirs := newPlugin(t, cloud).create(dnsRecordToken, addressRecord("192.0.2.9"))
	plugin := newPlugin(t, cloud)
	inputs := unknown(map[string]any{"domain": testDomain, "name": "demo", "type": "a"}, "addresses")
	checked, err := plugin.Check(p.CheckRequest{Urn: urnNamed(dnsRecordToken, "edge-record"), Inputs: inputs})
	assert.NilError(t, err)
	_, err = plugin.Create(p.CreateRequest{Urn: urnNamed(dnsRecordToken, "edge-record"), Properties: checked.Inputs, DryRun: true})
	assert.NilError(t, err)
	assert.Equal(t, len(plugin.logs.warnings()), 1)
	assert.Assert(t, is.Contains(plugin.logs.warnings()[0], "`pulumi import arvancloud:cdn:DnsRecord edge-record "+theirs.id+"`"))
}
