package provider

import (
	"maps"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"
)

func TestCheckRefusesBadInput(t *testing.T) {
	plugin := newPlugin(t, newCloud(t))
	rule := func(changes map[string]any) map[string]any {
		rule := map[string]any{"direction": "ingress", "protocol": "tcp", "portFrom": 22, "cidrs": []any{"0.0.0.0/0"}}
		maps.Copy(rule, changes)
		return map[string]any{"name": "nodes", "rules": []any{rule}}
	}
	record := func(changes map[string]any) map[string]any {
		record := map[string]any{"domain": "iransre.ir", "name": "demo", "type": "a", "addresses": []any{map[string]any{"ip": "192.0.2.1"}}}
		maps.Copy(record, changes)
		return record
	}
	server := func(changes map[string]any) map[string]any {
		server := map[string]any{"name": "m1", "planId": "eco-1-1-0", "imageId": "i"}
		maps.Copy(server, changes)
		return server
	}
	for _, test := range []struct {
		token  tokens.Type
		inputs map[string]any
		want   string
	}{
		{sshKeyToken, map[string]any{"name": "a", "publicKey": publicKey, "zone": "ir-thr-xx9"},
			`zone: there is no availability zone "ir-thr-xx9"; there are ir-thr-ba1, ir-thr-fr1, ir-thr-si1, ir-tbz-sh1, eu-west1-a, ` +
				`ir-southwest1-a (a new one can be allowed with arvancloud:additionalZones)`},
		{sshKeyToken, map[string]any{"name": "a", "publicKey": publicKey, "zone": "ir-thr-c2"},
			`zone: there is no availability zone "ir-thr-c2"; it is called "ir-thr-fr1" now`},
		{sshKeyToken, map[string]any{"name": "a/b", "publicKey": publicKey},
			`name: "a/b" is not a name: use 1 to 128 letters, digits, dots, dashes and underscores, a letter or digit first`},
		{sshKeyToken, map[string]any{"name": "a", "publicKey": "-----BEGIN"},
			`publicKey: this is not a public key in OpenSSH format ("ssh-ed25519 AAAA… comment"): ssh: no key found`},
		{networkToken, map[string]any{"name": "a", "cidr": "10.0.0.0"}, `cidr: "10.0.0.0" is not an IPv4 range such as 10.10.0.0/24`},
		{networkToken, map[string]any{"name": "a", "cidr": "10.0.0.7/24"}, `cidr: 10.0.0.7/24 has bits of an address in it; did you mean 10.0.0.0/24?`},
		{networkToken, map[string]any{"name": "a", "cidr": "10.0.0.0/31"}, `cidr: 10.0.0.0/31 has no room for a gateway and a server: use /30 or larger`},
		{networkToken, map[string]any{"name": "a", "cidr": "10.0.0.0/24", "gateway": "10.0.1.1"}, `gateway: 10.0.1.1 is not in the network 10.0.0.0/24`},
		{networkToken, map[string]any{"name": "a", "cidr": "10.0.0.0/24", "mtu": 100}, `mtu: 100 is not an MTU: use 576 to 9000`},
		{networkToken, map[string]any{"name": "a", "cidr": "10.0.0.0/24", "dnsServers": []any{"dns"}}, `dnsServers[0]: "dns" is not an IPv4 address`},
		{networkToken, map[string]any{"name": "a", "cidr": "10.0.0.0/24", "dhcpRanges": []any{map[string]any{"start": "10.0.0.9", "end": "10.0.9.9"}}},
			`dhcpRanges[0].end: 10.0.9.9 is not in the network 10.0.0.0/24`},
		{securityGroupToken, rule(map[string]any{"direction": "in"}), `rules[0].direction: "in" is not a direction: use ingress or egress`},
		{securityGroupToken, rule(map[string]any{"protocol": "sctp"}), `rules[0].protocol: "sctp" is not a protocol: use tcp, udp or icmp`},
		{securityGroupToken, rule(map[string]any{"portFrom": 70000}), `rules[0].portFrom: 70000 is not a port: use 1 to 65535`},
		{securityGroupToken, rule(map[string]any{"portTo": 21}), `rules[0].portTo: 21 is before portFrom, 22`},
		{securityGroupToken, rule(map[string]any{"protocol": "icmp"}), `rules[0].portFrom: icmp has no ports`},
		{securityGroupToken, rule(map[string]any{"cidrs": []any{}}), `rules[0].cidrs: no range is given; everywhere is 0.0.0.0/0`},
		{securityGroupToken, rule(map[string]any{"cidrs": []any{"any"}}), `rules[0].cidrs[0]: "any" is not a range such as 10.10.0.0/24 (one address is /32)`},
		{securityGroupToken, rule(map[string]any{"cidrs": []any{"10.0.0.1/24"}}),
			`rules[0].cidrs[0]: 10.0.0.1/24 has bits of an address in it; did you mean 10.0.0.0/24?`},
		{securityGroupToken, rule(map[string]any{"cidrs": []any{"10.0.0.0/24", "10.0.0.0/24"}}),
			`rules[0].cidrs[1]: rules[0].cidrs[0] lets the same traffic through already`},
		{serverToken, server(map[string]any{"planId": ""}), `planId: this may not be empty`},
		{serverToken, server(map[string]any{"diskSize": 10}), `diskSize: 10 GB is too small: the smallest disk has 25 GB`},
		{serverToken, server(map[string]any{"enablePublicAddress": false}), `networks: a server without a public address needs a network`},
		{serverToken, server(map[string]any{"networks": []any{map[string]any{"networkId": "n", "address": "10.0.0.300"}}}),
			`networks[0].address: "10.0.0.300" is not an IPv4 address`},
		{serverToken, server(map[string]any{"networks": []any{map[string]any{"networkId": "n"}, map[string]any{"networkId": "n"}}}),
			`networks[1].networkId: the network n is listed twice`},
		{dnsRecordToken, record(map[string]any{"ttl": 60}), `ttl: 60 is not a time to live that ArvanCloud takes: use 120, 180, 300, 600, 900, 1800, 3600, 7200, 18000, 43200, 86400, 172800 or 432000`},
		{dnsRecordToken, record(map[string]any{"domain": "iransre"}), `domain: "iransre" is not a domain such as iransre.ir`},
		{dnsRecordToken, record(map[string]any{"name": "a b"}),
			`name: "a b" is not a name in a domain: use labels such as "demo", "*.demo", or "@" for the domain itself`},
		{dnsRecordToken, record(map[string]any{"type": "xx"}),
			`type: "xx" is not a type of record: use a, aaaa, aname, caa, cname, dkim, mx, ns, ptr, spf, srv, txt`},
		{dnsRecordToken, record(map[string]any{"type": "aaaa"}), `addresses[0].ip: 192.0.2.1 does not go into a record of type aaaa`},
		{dnsRecordToken, record(map[string]any{"addresses": []any{}}), `addresses: a record of type a needs at least one`},
		{dnsRecordToken, record(map[string]any{"type": "txt", "addresses": nil, "value": map[string]any{"host": "x", "text": "y"}}),
			`value.host: a record of type txt does not have this`},
		{dnsRecordToken, record(map[string]any{"type": "cname", "addresses": nil, "value": map[string]any{"port": 1}}),
			`value.host: a record of type cname needs this`},
		{dnsRecordToken, record(map[string]any{"upstreamHttps": "maybe"}), `upstreamHttps: "maybe" is not a choice: use default, auto, http, https`},
	} {
		t.Run(test.want, func(t *testing.T) {
			assert.DeepEqual(t, plugin.failures(test.token, props(test.inputs)), []string{test.want})
		})
	}
}

// unknown makes an input that a preview does not know yet.
func unknown(inputs map[string]any, names ...string) property.Map {
	m := props(inputs)
	for _, name := range names {
		m = m.Set(name, property.New(property.Computed))
	}
	return m
}

func TestCheckLetsUnknownInputsPass(t *testing.T) {
	cloud := newCloud(t)
	plugin := newPlugin(t, cloud)
	before := cloud.RequestCount()
	for token, inputs := range map[tokens.Type]property.Map{
		sshKeyToken:        unknown(map[string]any{"name": "a"}, "publicKey", "zone"),
		networkToken:       unknown(map[string]any{"gateway": "10.0.0.1"}, "name", "cidr"),
		securityGroupToken: unknown(map[string]any{"name": "a"}, "rules"),
		serverToken:        unknown(map[string]any{"name": "a", "enablePublicAddress": false}, "planId", "imageId", "networks", "diskSize", "initScript"),
		dnsRecordToken:     unknown(map[string]any{"domain": "iransre.ir", "name": "demo", "type": "a"}, "addresses", "ttl"),
	} {
		t.Run(string(token), func(t *testing.T) {
			checked := plugin.check(token, inputs)
			preview, err := plugin.Create(createRequest(token, checked))
			assert.NilError(t, err)
			for name, value := range inputs.All {
				if value.IsComputed() {
					assert.Assert(t, checked.Get(name).HasComputed(), "checked %s: %v", name, checked.Get(name))
					assert.Assert(t, preview.Properties.Get(name).HasComputed(), "previewed %s: %v", name, preview.Properties.Get(name))
				}
			}
		})
	}
	assert.Equal(t, len(cloud.requests("GET ")), int(cloud.RequestCount()-before), "a preview changes nothing")
}

func TestUnknownListInsideAListStaysUnknown(t *testing.T) {
	plugin := newPlugin(t, newCloud(t))
	inputs := props(map[string]any{"name": "nodes"}).Set("rules", property.New([]property.Value{property.New(map[string]property.Value{
		"direction": property.New("ingress"), "protocol": property.New("tcp"), "portFrom": property.New(22.0),
		"cidrs": property.New(property.Computed)})}))
	rule := plugin.check(securityGroupToken, inputs).Get("rules").AsArray().Get(0).AsMap()
	assert.Assert(t, rule.Get("cidrs").IsComputed())
	assert.Equal(t, rule.Get("portFrom").AsNumber(), 22.0)
}

func TestServerAddressIsCheckedThoughItsNetworkIsUnknown(t *testing.T) {
	plugin := newPlugin(t, newCloud(t))
	inputs := props(map[string]any{"name": "m1", "planId": "eco-1-1-0", "imageId": "i"}).Set("networks", property.New([]property.Value{
		property.New(map[string]property.Value{"networkId": property.New(property.Computed), "address": property.New("10.0.0")})}))
	assert.DeepEqual(t, plugin.failures(serverToken, inputs), []string{`networks[0].address: "10.0.0" is not an IPv4 address`})
}
