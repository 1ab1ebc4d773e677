package traffic

import (
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/internal/document"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// HTTPSSettingsArgs are the inputs of HTTPSSettings.
type HTTPSSettingsArgs struct {
	Domain            string `pulumi:"domain" provider:"replaceOnChanges" doc:"Domain on the CDN, for example iransre.ir."`
	Enabled           *bool  `pulumi:"enabled,optional" wire:"ssl_status" doc:"Whether the CDN answers HTTPS."`
	Certificate       string `pulumi:"certificate,optional" wire:"certificate" doc:"\"managed\" for one that ArvanCloud orders, or the id of an uploaded one."`
	KeyType           string `pulumi:"keyType,optional" wire:"certificate_key_type" allow:"rsa|ec" doc:"Key of the managed certificate: rsa or ec."`
	MinimumTLSVersion string `pulumi:"minimumTlsVersion,optional" wire:"tls_version" allow:"TLSv1|TLSv1.1|TLSv1.2|TLSv1.3" doc:"Oldest version of TLS that is spoken."`
	RedirectToHTTPS   *bool  `pulumi:"redirectToHttps,optional" wire:"https_redirect" doc:"Whether HTTP is redirected to HTTPS."`
	ReplaceHTTP       *bool  `pulumi:"replaceHttp,optional" wire:"replace_http" doc:"Whether links in pages are changed to HTTPS."`
	HSTS              *bool  `pulumi:"hsts,optional" wire:"hsts_status" doc:"Whether browsers are told to use nothing but HTTPS."`
	HSTSMaxAge        string `pulumi:"hstsMaxAge,optional" wire:"hsts_max_age" allow:"1mo|2mo|3mo|4mo|5mo|6mo|12mo|24mo" doc:"How long browsers keep to it: 1mo to 6mo, 12mo or 24mo."`
	HSTSSubdomains    *bool  `pulumi:"hstsSubdomains,optional" wire:"hsts_subdomain" doc:"Whether it holds for subdomains."`
	HSTSPreload       *bool  `pulumi:"hstsPreload,optional" wire:"hsts_preload" doc:"Whether browsers may know it in advance."`
}

// HTTPSSettingsState is what is known of HTTPSSettings.
type HTTPSSettingsState struct {
	HTTPSSettingsArgs
	Original string `pulumi:"original" doc:"The settings as they were before, in JSON; deletion puts them back."`
}

// aboutSettings is what holds for all settings.
const aboutSettings = "What is not set is left as it is. Deletion puts back what was there before."

// HTTPSSettings is the resource arvancloud:traffic:HttpsSettings.
var HTTPSSettings = document.Settings[HTTPSSettingsArgs, HTTPSSettingsState]{
	Type:    "traffic:HttpsSettings",
	Name:    "HTTPS settings",
	About:   "How a domain is served over HTTPS.",
	Example: "domain: iransre.ir\nenabled: true\nredirectToHttps: true\nminimumTlsVersion: TLSv1.2",

	Path:   []string{"ssl"},
	Domain: func(args *HTTPSSettingsArgs) *string { return &args.Domain },
	State: func(args HTTPSSettingsArgs, original string) HTTPSSettingsState {
		return HTTPSSettingsState{args, original}
	},
	Parts: func(state HTTPSSettingsState) (HTTPSSettingsArgs, string) {
		return state.HTTPSSettingsArgs, state.Original
	},
}.Kind()

// CacheSettingsArgs are the inputs of CacheSettings.
type CacheSettingsArgs struct {
	Domain           string `pulumi:"domain" provider:"replaceOnChanges" doc:"Domain on the CDN, for example iransre.ir."`
	Mode             string `pulumi:"mode,optional" wire:"cache_status" allow:"off|uri|query_string" doc:"off, uri (one answer per path) or query_string (one per path and query)."`
	LifetimeOK       string `pulumi:"lifetimeOk,optional" wire:"cache_page_200" doc:"How long answers of status 200 are kept, for example 30m or 7d."`
	LifetimeAny      string `pulumi:"lifetimeAny,optional" wire:"cache_page_any" doc:"How long other answers are kept, for example 0s."`
	LifetimeBrowser  string `pulumi:"lifetimeBrowser,optional" wire:"cache_browser" doc:"How long browsers keep answers: default, or for example 1h."`
	DeveloperMode    *bool  `pulumi:"developerMode,optional" wire:"cache_developer_mode" doc:"Whether nothing is cached for now."`
	ConsistentUptime *bool  `pulumi:"consistentUptime,optional" wire:"cache_consistent_uptime" doc:"Whether old answers are served while the origin is down."`
	ByScheme         *bool  `pulumi:"byScheme,optional" wire:"cache_scheme" doc:"Whether HTTP and HTTPS are kept apart."`
	IgnoreSetCookie  *bool  `pulumi:"ignoreSetCookie,optional" wire:"cache_ignore_sc" doc:"Whether answers that set cookies are cached."`
	Cookie           string `pulumi:"cookie,optional" wire:"cache_cookie" doc:"Name of the cookie by which answers are kept apart."`
	ByArguments      *bool  `pulumi:"byArguments,optional" wire:"cache_args" doc:"Whether answers are kept apart by the query's arguments."`
	Argument         string `pulumi:"argument,optional" wire:"cache_arg" doc:"Name of the only argument by which answers are kept apart."`
}

// CacheSettingsState is what is known of CacheSettings.
type CacheSettingsState struct {
	CacheSettingsArgs
	Original string `pulumi:"original" doc:"The settings as they were before, in JSON; deletion puts them back."`
}

// CacheSettings is the resource arvancloud:traffic:CacheSettings.
var CacheSettings = document.Settings[CacheSettingsArgs, CacheSettingsState]{
	Type:    "traffic:CacheSettings",
	Name:    "cache settings",
	About:   "What the CDN caches of a domain.",
	Example: "domain: iransre.ir\nmode: uri\nlifetimeOk: 30m",

	Path:   []string{"caching"},
	Domain: func(args *CacheSettingsArgs) *string { return &args.Domain },
	State: func(args CacheSettingsArgs, original string) CacheSettingsState {
		return CacheSettingsState{args, original}
	},
	Parts: func(state CacheSettingsState) (CacheSettingsArgs, string) {
		return state.CacheSettingsArgs, state.Original
	},
}.Kind()

// PageRuleArgs are the inputs of a PageRule.
type PageRuleArgs struct {
	Domain           string            `pulumi:"domain" provider:"replaceOnChanges" doc:"Domain on the CDN, for example iransre.ir."`
	URL              string            `pulumi:"url" wire:"url" doc:"What the rule is for, for example demo.iransre.ir/static/**."`
	Place            *int              `pulumi:"place,optional" wire:"seq" allow:"0..100000" doc:"Place among the domain's rules: of those that are for a request, the one with the lowest place counts, and no other. Default the last."`
	Enabled          *bool             `pulumi:"enabled,optional" wire:"status" doc:"Whether the rule counts. Default true."`
	CacheMode        string            `pulumi:"cacheMode,optional" wire:"cache_level" allow:"off|uri|query_string" doc:"off, uri or query_string."`
	LifetimeOK       string            `pulumi:"lifetimeOk,optional" wire:"cache_200" doc:"How long answers of status 200 are kept, for example 7d."`
	LifetimeAny      string            `pulumi:"lifetimeAny,optional" wire:"cache_any" doc:"How long other answers are kept."`
	LifetimeBrowser  string            `pulumi:"lifetimeBrowser,optional" wire:"cache_browser" doc:"How long browsers keep answers."`
	WAF              *bool             `pulumi:"waf,optional" wire:"waf_status" doc:"Whether the web application firewall looks at these requests."`
	Firewall         *bool             `pulumi:"firewall,optional" wire:"fw_status" doc:"Whether the firewall looks at these requests."`
	CustomHostHeader string            `pulumi:"customHostHeader,optional" wire:"custom_host_header" doc:"Host header that the origin gets."`
	LoadBalancerID   string            `pulumi:"loadBalancerId,optional" wire:"load_balancer" doc:"Id of the load balancer that answers these requests."`
	RequestHeaders   []PageRuleHeader  `pulumi:"requestHeaders,optional" provider:"secret" wire:"req_custom_headers" doc:"Headers that the origin gets besides those of the visitor. Always a secret: what only the CDN says may be what the origin knows it by."`
	Redirect         *PageRuleRedirect `pulumi:"redirect,optional" wire:"redirect" doc:"Where these requests are redirected to."`
}

// PageRuleHeader is a header that the CDN adds.
type PageRuleHeader struct {
	Name  string `pulumi:"name" wire:"name" doc:"Name of the header."`
	Value string `pulumi:"value" wire:"value" doc:"Its value."`
}

// PageRuleRedirect tells where requests are redirected to.
type PageRuleRedirect struct {
	Enabled    bool   `pulumi:"enabled" wire:"enable" doc:"Whether requests are redirected."`
	StatusCode int    `pulumi:"statusCode,optional" wire:"status_code" allow:"301..307" doc:"Status of the answer, for example 301."`
	URL        string `pulumi:"url,optional" wire:"url" doc:"Where to."`
}

// PageRuleState is what is known of a PageRule.
type PageRuleState struct {
	PageRuleArgs
	RuleID string `pulumi:"ruleId" doc:"Id of the rule."`
}

// Annotate describes the type in the schema.
func (s *PageRuleRedirect) Annotate(a infer.Annotator) {
	resource.Nested(a, "traffic:PageRuleRedirect", s)
}

// Annotate describes the type in the schema.
func (s *PageRuleHeader) Annotate(a infer.Annotator) {
	resource.Nested(a, "traffic:PageRuleHeader", s)
}

// PageRule is the resource arvancloud:traffic:PageRule.
var PageRule = document.Rules[PageRuleArgs, PageRuleState]{
	Type:    "traffic:PageRule",
	Name:    "page rule",
	About:   "Settings of the CDN for some of a domain's pages.",
	Example: "domain: iransre.ir\nurl: demo.iransre.ir/static/**\ncacheMode: uri\nlifetimeOk: 7d",

	Path: []string{"page-rules"}, Replaces: true, InTheWay: "url",
	Domain: func(args *PageRuleArgs) *string { return &args.Domain },
	Check:  func(c *resource.Checker, args *PageRuleArgs) { c.Given("url", args.URL) },
	State:  func(args PageRuleArgs, id string) PageRuleState { return PageRuleState{args, id} },
	ID:     func(state PageRuleState) string { return state.RuleID },
}.Kind()
