package edge_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/sdks/arvancloud"
	"github.com/iransre/exchange-platform/sdks/arvancloud/protection"
	"github.com/iransre/exchange-platform/sdks/arvancloud/traffic"
)

// everything says something in each section.
var everything = edge.Config{
	Domain: "iransre.ir", TTLSeconds: 120, Mode: edge.WithWAF,
	Origin: edge.Origin{HTTPS: true, Key: true},
	HTTPS:  edge.HTTPS{Managed: true, MinimumTLS: "TLSv1.2", HSTS: "6mo"},
	WAF:    edge.WAF{Mode: "protect"},
	DDoS:   edge.DDoS{Mode: "javascript", BelievedSeconds: 600},
	Firewall: edge.Firewall{Default: "allow", Rules: []edge.FirewallRule{
		{Name: "office", Expression: "ip.src in {192.0.2.0/24}", Action: "allow", Note: "never challenged"},
		{Name: "no-admin", Expression: `http.request.uri.path contains "/admin"`, Action: "deny"},
	}},
	RateLimits: []edge.RateLimit{{Name: "login", Path: "/login/**", Requests: 10, Seconds: 60, BlockSeconds: 300}},
	Cache:      edge.Cache{Static: "7d"},
	PageRules: []edge.PageRule{
		{Name: "help", Path: "/help/**", Cache: "5m"}, {Name: "old", Path: "/old", Redirect: "https://demo.iransre.ir/new", Permanent: true},
	},
}

// made is what the component asks of the cloud, by name.
func made(t *testing.T, config edge.Config, moreHosts ...string) *mocktest.Recording {
	t.Helper()
	return madeOf(t, config, func(args *edge.Args) { args.MoreHosts = moreHosts })
}

// madeOf is made with other arguments.
func madeOf(t *testing.T, config edge.Config, change func(*edge.Args)) *mocktest.Recording {
	t.Helper()
	return mocktest.Run(t, func(ctx *pulumi.Context) error {
		cluster, random, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		cloud, err := arvancloud.NewProvider(ctx, "cloud", &arvancloud.ProviderArgs{})
		if err != nil {
			return err
		}
		args := &edge.Args{
			Installer: &chart.Installer{Provider: cluster, Random: random}, Config: config, Host: "demo.iransre.ir",
			FilesHost: "demo-files.iransre.ir", StaticPath: "/static/", FilesURL: "https://demo-files.iransre.ir", MediaURL: "https://demo-files.iransre.ir", Addresses: pulumi.StringArray{pulumi.String("203.0.113.2")},
		}
		change(args)
		_, err = edge.New(ctx, "edge", args, pulumi.Providers(cloud))
		return err
	})
}

func inputs(t *testing.T, recording *mocktest.Recording, name string) map[string]any {
	t.Helper()
	found := recording.Get(t, name)
	assert.Equal(t, found.Parent, "edge")
	assert.Equal(t, found.Provider, "cloud")
	return mocktest.Plain(resource.NewProperty(found.Inputs)).(map[string]any)
}

func TestEachSectionIsSaidToTheCDN(t *testing.T) {
	recording := made(t, everything)
	for name, wanted := range map[string]map[string]any{
		"edge-https":             {"enabled": true, "redirectToHttps": true, "minimumTlsVersion": "TLSv1.2", "hsts": true, "hstsMaxAge": "6mo"},
		"edge-waf":               {"mode": "protect"},
		"edge-ddos":              {"mode": "javascript", "ttl": 600.0},
		"edge-firewall":          {"defaultAction": "allow"},
		"edge-firewall-office":   {"name": "office", "expression": "ip.src in {192.0.2.0/24}", "action": "allow", "note": "never challenged"},
		"edge-firewall-no-admin": {"name": "no-admin", "expression": `http.request.uri.path contains "/admin"`, "action": "deny"},
		"edge-limit-login":       {"urlPattern": "demo.iransre.ir/login/**", "rate": 10.0, "timeDuration": 60.0, "blockDuration": 300.0, "action": "block"},
	} {
		wanted["domain"] = "iransre.ir"
		assert.DeepEqual(t, inputs(t, recording, name), wanted)
	}
	assert.Equal(t, inputs(t, recording, "edge-record")["upstreamHttps"], "https")
	assert.Assert(t, slices.Contains(recording.Get(t, "edge-firewall-no-admin").DependsOn, "edge-firewall-office"))
}

func TestOfThePageRulesTheFirstThatIsForARequestCountsAndEachSaysTheKey(t *testing.T) {
	recording := made(t, everything)
	places := map[string]any{}
	for name, wanted := range map[string]map[string]any{
		"edge-page-of-help":  {"url": "demo.iransre.ir/help/**", "cacheMode": "uri", "lifetimeOk": "5m"},
		"edge-page-of-old":   {"url": "demo.iransre.ir/old", "cacheMode": "off", "redirect": map[string]any{"enabled": true, "statusCode": 301.0, "url": "https://demo.iransre.ir/new"}},
		"edge-page-static":   {"url": "demo-files.iransre.ir/static/**", "cacheMode": "uri", "lifetimeOk": "7d"},
		"edge-page-files":    {"url": "demo-files.iransre.ir/**", "cacheMode": "off"},
		"edge-page-exchange": {"url": "demo.iransre.ir/**", "cacheMode": "off"},
	} {
		rule := recording.Get(t, name)
		assert.Assert(t, rule.Inputs["requestHeaders"].IsSecret(), name)
		found := inputs(t, recording, name)
		header := rule.Inputs["requestHeaders"].SecretValue().Element.ArrayValue()[0].ObjectValue()
		assert.Equal(t, header["name"].StringValue(), edge.OriginHeader)
		places[name] = found["place"]
		for _, key := range []string{"requestHeaders", "place", "domain"} {
			delete(found, key)
		}
		assert.DeepEqual(t, found, wanted)
	}
	assert.DeepEqual(t, places, map[string]any{
		"edge-page-of-help": 100.0, "edge-page-of-old": 101.0, "edge-page-static": 8000.0, "edge-page-files": 9000.0, "edge-page-exchange": 9000.0,
	})
}

// The static path of a name that leads to media files only is nobody's: no rule says that it may be kept.
func TestStaticFilesThatAreElsewhereHaveNoRule(t *testing.T) {
	recording := madeOf(t, everything, func(args *edge.Args) { args.StaticPath, args.FilesURL = "", "https://s3.example" })
	assert.Check(t, !slices.Contains(recording.Names(), "edge-page-static"))
	assert.Equal(t, inputs(t, recording, "edge-page-files")["cacheMode"], "off")
}

func TestDuringMaintenanceEverybodyIsSentAway(t *testing.T) {
	config := everything
	config.Maintenance = "https://status.iransre.ir/"
	rule := inputs(t, made(t, config), "edge-page-exchange")
	assert.DeepEqual(t, rule["redirect"], map[string]any{"enabled": true, "statusCode": 307.0, "url": "https://status.iransre.ir/"})
	assert.Equal(t, rule["place"], 10.0)
	// by one key, of an environment that says nothing else
	rule = inputs(t, made(t, edge.Config{Domain: "iransre.ir", Mode: edge.CDN, Maintenance: "https://status.iransre.ir/"}), "edge-page-exchange")
	assert.Equal(t, rule["requestHeaders"], nil)
	assert.Equal(t, rule["cacheMode"], nil)
}

func TestWhereTheStackFileSaysNothingTheDomainIsLeftAsItIs(t *testing.T) {
	for _, mode := range []edge.Mode{edge.CDN, edge.DNS} {
		config := edge.Config{}
		config.SetDefaults("prod")
		config.Domain, config.Mode = "iransre.ir", mode
		recording := made(t, config)
		for _, name := range recording.Names() {
			assert.Assert(t, !strings.HasPrefix(name, "edge-") || strings.HasSuffix(name, "-record"), name)
		}
		assert.Equal(t, inputs(t, recording, "edge-record")["cloud"], mode == edge.CDN)
	}
}

// The types of the SDK are not compiled into the program, so that the names of what is said to the CDN are held against them here.
func TestTheProviderKnowsWhatIsSaid(t *testing.T) {
	config := everything
	config.Maintenance = "https://status.iransre.ir/"
	recording := made(t, config)
	for token, args := range map[string]pulumi.Input{
		"traffic:HttpsSettings": traffic.HttpsSettingsArgs{}, "traffic:PageRule": traffic.PageRuleArgs{},
		"protection:WafSettings": protection.WafSettingsArgs{}, "protection:DdosSettings": protection.DdosSettingsArgs{},
		"protection:FirewallSettings": protection.FirewallSettingsArgs{}, "protection:FirewallRule": protection.FirewallRuleArgs{},
		"protection:RateLimitRule": protection.RateLimitRuleArgs{},
	} {
		known := map[string]bool{}
		for field := range args.ElementType().Fields() {
			known[field.Tag.Get("pulumi")] = true
		}
		seen := false
		for _, name := range recording.Names() {
			if found := recording.Get(t, name); found.Type == "arvancloud:"+token {
				seen = true
				for input := range found.Inputs {
					assert.Assert(t, known[string(input)], "%s: %s has no input %s", name, token, input)
				}
			}
		}
		assert.Assert(t, seen, token)
	}
}

func TestFurtherNamesLeadTheSameWay(t *testing.T) {
	config := everything
	config.Maintenance = "https://status.iransre.ir/"
	recording := made(t, config, "iransre.ir", "www.iransre.ir")
	apex, www := inputs(t, recording, "edge-record-iransre.ir"), inputs(t, recording, "edge-record-www.iransre.ir")
	assert.Equal(t, apex["name"], "@")
	assert.Equal(t, www["name"], "www")
	first := inputs(t, recording, "edge-record")
	assert.DeepEqual(t, www["addresses"], first["addresses"])
	for name, host := range map[string]string{"edge-page-exchange-iransre.ir": "iransre.ir", "edge-page-exchange-www.iransre.ir": "www.iransre.ir"} {
		rule, whole := inputs(t, recording, name), inputs(t, recording, "edge-page-exchange")
		assert.Equal(t, rule["url"], host+"/**")
		rule["url"] = whole["url"]
		assert.DeepEqual(t, rule, whole)
	}
}
