package emulator

import "net/http"

// collections are all rules and load balancers of a domain. Plans are our guess: nobody documents which of them needs which.
var collections = []*collection{
	{
		path: "/firewall/rules", thing: "Firewall rule", kind: "firewall-rule", paged: true,
		move: "/firewall/actions/reprioritize", mover: "rule_id", fields: fields{
			{name: "name", check: text(250), required: true},
			{name: "filter_expr", check: text(5000), required: true},
			{name: "action", check: oneOf("allow", "deny", "bypass", "challenge"), required: true},
			{name: "action_details", check: object(fields{
				{name: "mode", check: integer(1, 3)}, {name: "ttl", check: integer(0, 31536000)}, {name: "https_only", check: boolean},
				{name: "rlimit", check: boolean}, {name: "challenge", check: boolean}, {name: "waf", check: boolean},
			})},
			{name: "is_enabled", initial: true, check: boolean},
			{name: "note", initial: "", check: text(1000)},
		},
	},
	{
		path: "/waf/rules", thing: "WAF rule", kind: "waf-rule", paged: true, plan: 2,
		move: "/waf/actions/reprioritize", mover: "rule_id", fields: pathRule,
	},
	{
		path: "/ddos/rules", thing: "DDoS rule", kind: "ddos-rule", paged: true,
		move: "/ddos/actions/reprioritize", mover: "rule_id", fields: pathRule,
	},
	{
		path: "/rate-limit/rules", thing: "Rate limit rule", kind: "rate-limit-rule", paged: true, plan: 2,
		move: "/rate-limit/actions/reprioritize", mover: "rule_id", fields: fields{
			{name: "url_pattern", check: text(1000), required: true},
			{name: "rate", check: integer(1, 4000000), required: true},
			{name: "time_duration", check: integer(1, 2592000), required: true},
			{name: "burst", check: integer(1, 4000000)},
			{name: "block_duration", initial: 0, check: integer(0, 86400)},
			{name: "action", initial: "block", check: oneOf("challenge", "block")},
			{name: "allowed_methods", initial: []any{}, check: listOf(oneOf("POST", "GET", "PUT", "HEAD", "DELETE"))},
			{name: "exclude_sources", initial: []any{}, check: listOf(source)},
			{name: "description", check: text(1000)},
			{name: "is_enabled", initial: true, check: boolean},
		},
	},
	{
		path: "/page-rules", thing: "Page rule", kind: "page-rule", paged: true, position: "seq", whole: true, fields: pageRule,
		patch: fields{{name: "status", check: boolean}},
	},
	{
		path: "/load-balancers", thing: "Load balancer", kind: "load-balancer", plan: 2, unique: "name", fields: fields{
			{name: "name", check: matching(`^[A-Za-z0-9-]+$`), required: true},
			{name: "description", initial: "", check: text(1000)},
			{name: "status", check: boolean, required: true},
			{name: "method", check: oneOf("failover", "cluster_rr", "cluster_chash"), required: true},
		},
		members: &collection{
			path: "/pools", thing: "Load balancer pool", kind: "pool", plan: 2, unique: "name", position: "priority", whole: true,
			move: "/prioritize", mover: "pool_id", members: origins, inline: "origins", fields: fields{
				{name: "name", check: text(250), required: true},
				{name: "description", initial: "", check: text(1000)},
				{name: "status", check: boolean, required: true},
				{name: "priority", check: integer(0, 10000)},
				{name: "method", check: oneOf("cluster_rr", "cluster_chash"), required: true},
				{name: "keepalive", check: onOff, required: true},
				{name: "next_upstream_tcp", check: onOff, required: true},
				{name: "regions", initial: []any{}, check: listOf(matching(`^[A-Z]{3}$`))},
				{name: "monitoring_status", initial: "no-data"},
			},
		},
	},
}

// pathRule is a rule of the WAF or against DDoS.
var pathRule = fields{
	{name: "url_pattern", check: text(1000), required: true},
	{name: "sources", initial: []any{}, check: listOf(source)},
	{name: "action", check: oneOf("protect", "passthrough"), required: true},
	{name: "description", initial: "", check: text(1000)},
	{name: "is_enabled", initial: true, check: boolean},
}

var origins = &collection{
	path: "/origins", thing: "Load balancer origin", kind: "origin", plan: 2, fields: fields{
		{name: "name", initial: "", check: text(250)},
		{name: "status", check: boolean, required: true},
		{name: "address", check: matching(`^\S+$`), required: true},
		{name: "port", check: integer(-1, 65535), required: true},
		{name: "weight", check: integer(1, 1000), required: true},
		{name: "protocol", check: oneOf("auto", "http", "https"), required: true},
		{name: "host_header", initial: "", check: text(250)},
	},
}

var headerList = listOf(object(fields{
	{name: "name", check: matching(`^[\w-]+$`), required: true},
	{name: "value", check: text(1000), required: true},
}))

var pageRule = fields{
	{name: "seq", check: integer(0, 100000)},
	{name: "url_type", initial: "default", check: oneOf("default", "index", "directory", "extension", "page", "regex")},
	{name: "url", check: text(1000), required: true},
	{name: "is_protected", initial: false},
	{name: "status", initial: true, check: boolean},
	{name: "cache_level", initial: "query_string", check: oneOf("off", "uri", "query_string")},
	{name: "cache_200", initial: "30m", check: oneOf(lifetimes...)},
	{name: "cache_any", initial: "0s", check: oneOf(lifetimes...)},
	{name: "cache_browser", initial: "default", check: oneOf(browserLifetimes...)},
	{name: "cache_cookie", initial: "", check: text(250)},
	{name: "cache_args", initial: true, check: boolean},
	{name: "cache_arg", initial: "", check: text(250)},
	{name: "cache_scheme", initial: true, check: boolean},
	{name: "cache_device_type", initial: false, check: boolean},
	{name: "cache_ignore_cc", initial: true, check: boolean},
	{name: "cache_ignore_sc", initial: false, check: boolean},
	{name: "cache_ignore_vary", initial: true, check: boolean},
	{name: "waf_status", initial: true, check: boolean},
	{name: "fw_status", initial: true, check: boolean},
	{name: "slink_status", initial: false, check: boolean},
	{name: "slink_secret", check: text(250)},
	{name: "slink_md5", initial: []any{}, check: listOf(text(250))},
	{name: "rewrite_url", initial: "-", check: text(1000)},
	{name: "cors_header", initial: "-", check: text(1000)},
	{name: "custom_host_header", initial: "", check: text(250)},
	{name: "load_balancer", check: text(250)},
	{name: "acceleration", check: object(fields{
		{name: "status", check: oneOf("inherit", "on", "off")},
		{name: "extensions", check: listOf(oneOf("css", "gif", "jpeg", "js", "png"))},
	})},
	{name: "image_resize", check: object(fields{{name: "status", check: oneOf("inherit", "on", "off")}})},
	{name: "upstream_timeout", check: object(fields{
		{name: "connect_timeout", check: integer(0, 86400)}, {name: "send_timeout", check: integer(0, 86400)},
		{name: "read_timeout", check: integer(0, 86400)},
	})},
	{name: "redirect", initial: map[string]any{"enable": false, "status_code": 301, "url": nil}, check: object(fields{
		{name: "enable", check: boolean}, {name: "status_code", check: integer(301, 307)}, {name: "url", check: text(1000)},
	})},
	{name: "req_custom_headers", initial: []any{}, check: headerList},
	{name: "res_custom_headers", initial: []any{}, check: headerList},
	{name: "req_hide_headers", initial: []any{}, check: listOf(matching(`^[\w-]+$`))},
	{name: "res_hide_headers", initial: []any{}, check: listOf(matching(`^[\w-]+$`))},
}

// listBalancerRegions lists what the regions of a pool can be.
func listBalancerRegions(*call) reply {
	regions := []map[string]any{}
	for _, region := range []string{"THR", "TBZ", "FRA", "LAH", "SIN"} {
		regions = append(regions, map[string]any{"id": stableID("region", region), "name": region, "region": region})
	}
	return withData(http.StatusOK, regions)
}
