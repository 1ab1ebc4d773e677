package protection

import (
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/internal/document"
	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// FirewallSettingsArgs are the inputs of FirewallSettings.
type FirewallSettingsArgs struct {
	Domain        string `pulumi:"domain" provider:"replaceOnChanges" doc:"Domain on the CDN, for example iransre.ir."`
	DefaultAction string `pulumi:"defaultAction,optional" wire:"default_action" allow:"allow|deny|drop|bypass|challenge" doc:"What happens to requests that no rule is for: allow, deny, drop, bypass or challenge."`
	VerifySNI     *bool  `pulumi:"verifySni,optional" wire:"verify_sni" doc:"Whether the name in TLS has to be that of the request."`
}

// FirewallSettingsState is what is known of FirewallSettings.
type FirewallSettingsState struct {
	FirewallSettingsArgs
	Original string `pulumi:"original" doc:"The settings as they were before, in JSON; deletion puts them back."`
}

// FirewallSettings is the resource arvancloud:protection:FirewallSettings.
var FirewallSettings = document.Settings[FirewallSettingsArgs, FirewallSettingsState]{
	Type:    "protection:FirewallSettings",
	Name:    "firewall settings",
	About:   "What a domain's firewall does with requests that no FirewallRule is for.",
	Example: "domain: iransre.ir\ndefaultAction: allow",

	Path:   []string{"firewall", "settings"},
	Domain: func(args *FirewallSettingsArgs) *string { return &args.Domain },
	State: func(args FirewallSettingsArgs, original string) FirewallSettingsState {
		return FirewallSettingsState{args, original}
	},
	Parts: func(state FirewallSettingsState) (FirewallSettingsArgs, string) {
		return state.FirewallSettingsArgs, state.Original
	},
}.Kind()

// WAFSettingsArgs are the inputs of WAFSettings.
type WAFSettingsArgs struct {
	Domain string `pulumi:"domain" provider:"replaceOnChanges" doc:"Domain on the CDN, for example iransre.ir."`
	Mode   string `pulumi:"mode" wire:"mode" allow:"off|detect|protect" doc:"off, detect (attacks are only logged) or protect (they are refused)."`
}

// WAFSettingsState is what is known of WAFSettings.
type WAFSettingsState struct {
	WAFSettingsArgs
	Original string `pulumi:"original" doc:"The settings as they were before, in JSON; deletion puts them back."`
}

// WAFSettings is the resource arvancloud:protection:WafSettings.
var WAFSettings = document.Settings[WAFSettingsArgs, WAFSettingsState]{
	Type:    "protection:WafSettings",
	Name:    "WAF settings",
	About:   "The web application firewall of a domain. It needs the plan growth.",
	Example: "domain: iransre.ir\nmode: protect",

	Path:   []string{"waf", "settings"},
	Domain: func(args *WAFSettingsArgs) *string { return &args.Domain },
	State:  func(args WAFSettingsArgs, original string) WAFSettingsState { return WAFSettingsState{args, original} },
	Parts:  func(state WAFSettingsState) (WAFSettingsArgs, string) { return state.WAFSettingsArgs, state.Original },
}.Kind()

// DDoSSettingsArgs are the inputs of DDoSSettings.
type DDoSSettingsArgs struct {
	Domain         string `pulumi:"domain" provider:"replaceOnChanges" doc:"Domain on the CDN, for example iransre.ir."`
	Mode           string `pulumi:"mode" wire:"protection_mode" allow:"off|cookie|javascript|captcha" doc:"How visitors show that they are browsers: off, cookie, javascript or captcha."`
	TTL            *int   `pulumi:"ttl,optional" wire:"ttl" allow:"0..31536000" doc:"Seconds for which a visitor is believed."`
	HTTPSOnly      *bool  `pulumi:"httpsOnly,optional" wire:"https_only" doc:"Whether only requests over HTTPS are challenged."`
	CaptchaService string `pulumi:"captchaService,optional" wire:"captcha_service" allow:"recaptcha|arcaptcha|hcaptcha" doc:"arcaptcha, recaptcha or hcaptcha."`
}

// DDoSSettingsState is what is known of DDoSSettings.
type DDoSSettingsState struct {
	DDoSSettingsArgs
	Original string `pulumi:"original" doc:"The settings as they were before, in JSON; deletion puts them back."`
}

// DDoSSettings is the resource arvancloud:protection:DdosSettings.
var DDoSSettings = document.Settings[DDoSSettingsArgs, DDoSSettingsState]{
	Type:    "protection:DdosSettings",
	Name:    "DDoS settings",
	About:   "How a domain is protected against floods of requests.",
	Example: "domain: iransre.ir\nmode: javascript\nttl: 3600",

	Path:   []string{"ddos", "settings"},
	Domain: func(args *DDoSSettingsArgs) *string { return &args.Domain },
	State: func(args DDoSSettingsArgs, original string) DDoSSettingsState {
		return DDoSSettingsState{args, original}
	},
	Parts: func(state DDoSSettingsState) (DDoSSettingsArgs, string) {
		return state.DDoSSettingsArgs, state.Original
	},
}.Kind()

// FirewallRuleArgs are the inputs of a FirewallRule.
type FirewallRuleArgs struct {
	Domain     string                 `pulumi:"domain" provider:"replaceOnChanges" doc:"Domain on the CDN, for example iransre.ir."`
	Name       string                 `pulumi:"name" wire:"name" doc:"Name of the rule."`
	Expression string                 `pulumi:"expression" wire:"filter_expr" doc:"Which requests the rule is for, in ArvanCloud's language, for example ip.geoip.country in {\"IR\"}."`
	Action     string                 `pulumi:"action" wire:"action" allow:"allow|deny|bypass|challenge" doc:"allow, deny, bypass or challenge."`
	Details    *FirewallActionDetails `pulumi:"details,optional" wire:"action_details" doc:"Details of bypass and challenge."`
	Enabled    *bool                  `pulumi:"enabled,optional" wire:"is_enabled" doc:"Whether the rule counts. Default true."`
	Note       string                 `pulumi:"note,optional" wire:"note" doc:"What the rule is for."`
}

// FirewallActionDetails are details of a firewall rule's action.
type FirewallActionDetails struct {
	Mode            *int  `pulumi:"mode,optional" wire:"mode" allow:"1..3" doc:"challenge: 1 cookie, 2 javascript, 3 captcha."`
	TTL             *int  `pulumi:"ttl,optional" wire:"ttl" allow:"0..31536000" doc:"challenge: seconds for which a visitor is believed."`
	HTTPSOnly       *bool `pulumi:"httpsOnly,optional" wire:"https_only" doc:"challenge: whether only requests over HTTPS are challenged."`
	BypassRateLimit *bool `pulumi:"bypassRateLimit,optional" wire:"rlimit" doc:"bypass: whether the rate limit is passed by."`
	BypassChallenge *bool `pulumi:"bypassChallenge,optional" wire:"challenge" doc:"bypass: whether challenges are passed by."`
	BypassWAF       *bool `pulumi:"bypassWaf,optional" wire:"waf" doc:"bypass: whether the web application firewall is passed by."`
}

// FirewallRuleState is what is known of a FirewallRule.
type FirewallRuleState struct {
	FirewallRuleArgs
	RuleID string `pulumi:"ruleId" doc:"Id of the rule."`
}

// Annotate describes the type in the schema.
func (s *FirewallActionDetails) Annotate(a infer.Annotator) {
	resource.Nested(a, "protection:FirewallActionDetails", s)
}

// maxExpression is the longest expression of a rule.
const maxExpression = 5000

// FirewallRule is the resource arvancloud:protection:FirewallRule.
var FirewallRule = document.Rules[FirewallRuleArgs, FirewallRuleState]{
	Type:    "protection:FirewallRule",
	Name:    "firewall rule",
	About:   "A rule of a domain's firewall. Rules are looked at in the order in which they were made.",
	Example: "domain: iransre.ir\nname: no-admin\nexpression: http.request.uri.path contains \"/admin\"\naction: deny",

	Path:   []string{"firewall", "rules"},
	Domain: func(args *FirewallRuleArgs) *string { return &args.Domain },
	Check: func(c *resource.Checker, args *FirewallRuleArgs) {
		c.Given("name", args.Name)
		c.Given("expression", args.Expression)
		if len(args.Expression) > maxExpression {
			c.Fail("expression", "%d characters are too many: use %d at most", len(args.Expression), maxExpression)
		}
	},
	State: func(args FirewallRuleArgs, id string) FirewallRuleState { return FirewallRuleState{args, id} },
	ID:    func(state FirewallRuleState) string { return state.RuleID },
}.Kind()

// RateLimitRuleArgs are the inputs of a RateLimitRule.
type RateLimitRuleArgs struct {
	Domain         string   `pulumi:"domain" provider:"replaceOnChanges" doc:"Domain on the CDN, for example iransre.ir."`
	URLPattern     string   `pulumi:"urlPattern" wire:"url_pattern" doc:"What the rule is for, for example demo.iransre.ir/api/**."`
	Rate           int      `pulumi:"rate" wire:"rate" allow:"1..4000000" doc:"Requests that a visitor may make in the time."`
	TimeDuration   int      `pulumi:"timeDuration" wire:"time_duration" allow:"1..2592000" doc:"The time in seconds."`
	Burst          *int     `pulumi:"burst,optional" wire:"burst" allow:"1..4000000" doc:"Requests that may come at once beyond that."`
	BlockDuration  *int     `pulumi:"blockDuration,optional" wire:"block_duration" allow:"0..86400" doc:"Seconds for which a visitor that makes more is blocked."`
	Action         string   `pulumi:"action,optional" wire:"action" allow:"challenge|block" doc:"block or challenge."`
	AllowedMethods []string `pulumi:"allowedMethods,optional" wire:"allowed_methods" allow:"POST|GET|PUT|HEAD|DELETE" doc:"Methods that are not counted."`
	ExcludeSources []string `pulumi:"excludeSources,optional" wire:"exclude_sources" doc:"Addresses and ranges that are not counted."`
	Enabled        *bool    `pulumi:"enabled,optional" wire:"is_enabled" doc:"Whether the rule counts. Default true."`
}

// RateLimitRuleState is what is known of a RateLimitRule.
type RateLimitRuleState struct {
	RateLimitRuleArgs
	RuleID string `pulumi:"ruleId" doc:"Id of the rule."`
}

// RateLimitRule is the resource arvancloud:protection:RateLimitRule.
var RateLimitRule = document.Rules[RateLimitRuleArgs, RateLimitRuleState]{
	Type:    "protection:RateLimitRule",
	Name:    "rate limit rule",
	About:   "How often a visitor may call some of a domain's pages. It needs the plan growth.",
	Example: "domain: iransre.ir\nurlPattern: demo.iransre.ir/api/**\nrate: 100\ntimeDuration: 60",

	Path:   []string{"rate-limit", "rules"},
	Domain: func(args *RateLimitRuleArgs) *string { return &args.Domain },
	Check:  func(c *resource.Checker, args *RateLimitRuleArgs) { c.Given("urlPattern", args.URLPattern) },
	State:  func(args RateLimitRuleArgs, id string) RateLimitRuleState { return RateLimitRuleState{args, id} },
	ID:     func(state RateLimitRuleState) string { return state.RuleID },
}.Kind()
