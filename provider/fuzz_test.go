package provider

import (
	"encoding/json"
	"testing"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/document"
	"github.com/iransre/exchange-platform/provider/protection"
	"github.com/iransre/exchange-platform/provider/traffic"
)

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
		var told client.Document
		if json.Unmarshal([]byte(content), &told) != nil {
			return
		}
		for _, all := range []bool{true, false} {
			document.From(document.Observe(traffic.HTTPSSettingsArgs{}, told, all))
			document.From(document.Observe(traffic.CacheSettingsArgs{}, told, all))
			document.From(document.Observe(protection.DDoSSettingsArgs{}, told, all))
			document.From(document.Observe(protection.FirewallRuleArgs{Details: &protection.FirewallActionDetails{}}, told, all))
			document.From(document.Observe(protection.RateLimitRuleArgs{AllowedMethods: []string{"GET"}}, told, all))
			document.From(document.Observe(traffic.PageRuleArgs{Redirect: &traffic.PageRuleRedirect{}}, told, all))
			document.From(document.Observe(traffic.LoadBalancerPool{Origins: []traffic.LoadBalancerOrigin{{}}}, told, all))
		}
	})
}
