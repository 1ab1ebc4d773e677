package provider

import (
	"encoding/json"
	"testing"

	"github.com/iransre/exchange-platform/provider/client"
)

// FuzzDNSValue feeds the decoder of the values of records, which have a shape for each type.
func FuzzDNSValue(f *testing.F) {
	for kind := range recordTypes() {
		for _, seed := range []string{`[{"ip":"192.0.2.1","port":"80","weight":null}]`, `{"host":"a","priority":"x","port":1}`, `{"tag":true,"value":1}`,
			`{"location":"l","host_header":"source"}`, `null`, `[]`, `{}`, `"text"`, `[null]`, `{"text":{}}`} {
			f.Add(uint8(kind), seed)
		}
	}
	f.Fuzz(func(_ *testing.T, kind uint8, content string) {
		types := recordTypes()
		args := DNSRecordArgs{Type: types[int(kind)%len(types)]}
		if args.setValue(json.RawMessage(content)) == nil && (args.Value != nil || isAddressType(args.Type)) {
			_, _ = args.wireValue()
		}
	})
}

// FuzzDocuments feeds what reads the CDN's settings, rules and load balancers: whatever a document holds, it is described, and the
// description can be sent.
func FuzzDocuments(f *testing.F) {
	for _, seed := range []string{
		`{"ssl_status":true,"tls_version":"TLSv1.2","hsts_max_age":null}`, `{"ttl":"600","https_only":"on","protection_mode":1}`,
		`{"action_details":{"mode":"2","ttl":1e30},"is_enabled":null}`, `{"allowed_methods":["GET",1,null],"exclude_sources":{}}`,
		`{"origins":[{"port":-1,"status":"on"},null,7],"regions":null,"keepalive":"off"}`, `{"redirect":[],"status":{}}`, `{"action_details":[]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, content string) {
		var document client.Document
		if json.Unmarshal([]byte(content), &document) != nil {
			return
		}
		for _, all := range []bool{true, false} {
			toWire(observeWire(HTTPSSettingsArgs{}, document, all))
			toWire(observeWire(CacheSettingsArgs{}, document, all))
			toWire(observeWire(DDoSSettingsArgs{}, document, all))
			toWire(observeWire(FirewallRuleArgs{Details: &FirewallActionDetails{}}, document, all))
			toWire(observeWire(RateLimitRuleArgs{AllowedMethods: []string{"GET"}}, document, all))
			toWire(observeWire(PageRuleArgs{Redirect: &PageRuleRedirect{}}, document, all))
			toWire(observeWire(LoadBalancerPool{Origins: []LoadBalancerOrigin{{}}}, document, all))
		}
	})
}
