package emulator

var (
	lifetimes = []string{
		"0s", "1s", "2s", "3s", "4s", "5s", "6s", "7s", "8s", "9s", "10s", "30s", "1m", "3m", "5m", "10m", "30m", "45m", "1h", "3h", "5h",
		"10h", "12h", "24h", "3d", "7d", "10d", "15d", "30d",
	}
	browserLifetimes = append([]string{"default"}, lifetimes...)
	httpMethods      = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
)

// settingsFamilies are all settings of a domain. Plans are our guess: nobody documents which setting needs which.
var settingsFamilies = []*settingsFamily{
	{path: "/caching", method: "PATCH", silent: true, fields: fields{
		{name: "cache_developer_mode", initial: false, check: boolean},
		{name: "cache_consistent_uptime", initial: false, check: boolean},
		{name: "cache_status", initial: "uri", check: oneOf("off", "uri", "query_string")},
		{name: "cache_page_200", initial: "30m", check: oneOf(lifetimes...)},
		{name: "cache_page_any", initial: "0s", check: oneOf(lifetimes...)},
		{name: "cache_browser", initial: "default", check: oneOf(browserLifetimes...)},
		{name: "cache_scheme", initial: true, check: boolean},
		{name: "cache_ignore_sc", initial: false, check: boolean},
		{name: "cache_cookie", initial: "", check: text(250)},
		{name: "cache_args", initial: true, check: boolean},
		{name: "cache_arg", initial: "", check: text(250)},
	}},
	{path: "/ssl", method: "PATCH", accept: acceptCertificate, show: showCertificates, fields: fields{
		{name: "ssl_status", initial: false, check: boolean},
		{name: "certificate", initial: "managed", check: text(36)},
		{name: "certificate_key_type", initial: "ec", check: oneOf("rsa", "ec")},
		{name: "tls_version", initial: "TLSv1.2", check: oneOf("", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")},
		{name: "hsts_status", initial: false, check: boolean},
		{name: "hsts_max_age", initial: "1mo", check: oneOf("1mo", "2mo", "3mo", "4mo", "5mo", "6mo", "12mo", "24mo")},
		{name: "hsts_subdomain", initial: false, check: boolean},
		{name: "hsts_preload", initial: false, check: boolean},
		{name: "https_redirect", initial: false, check: boolean},
		{name: "replace_http", initial: false, check: boolean},
		{name: "fingerprint_status", initial: false, check: boolean},
	}},
	{path: "/settings/www-redirect", method: "PUT", silent: true, fields: fields{
		{name: "f_redirect_to_www", initial: "off", check: oneOf("off", "www", "root")},
	}},
	{path: "/firewall/settings", method: "PATCH", silent: true, fields: fields{
		{name: "is_enabled", initial: true},
		{name: "default_action", initial: "allow", check: oneOf("allow", "deny", "drop", "bypass", "challenge")},
		{name: "verify_sni", initial: false, check: boolean},
	}},
	{path: "/waf/settings", aliases: []string{"/waf"}, method: "PATCH", plan: 2, show: enabledUnlessOff("mode"), fields: fields{
		{name: "mode", initial: "off", check: oneOf("off", "detect", "protect")},
		{name: "packages", initial: []any{}},
	}},
	{path: "/ddos/settings", aliases: []string{"/ddos"}, method: "PATCH", show: enabledUnlessOff("protection_mode"), fields: fields{
		{name: "protection_mode", initial: "off", check: oneOf("off", "cookie", "javascript", "captcha")},
		{name: "captcha_service", initial: "arcaptcha", check: oneOf("recaptcha", "arcaptcha", "hcaptcha")},
		{name: "ttl", initial: 3600, check: integer(0, 31536000)},
		{name: "https_only", initial: false, check: boolean},
		{name: "preflight", check: object(fields{
			{name: "access_origin", check: text(250)},
			{name: "access_credentials", check: text(250)},
			{name: "access_methods", check: listOf(oneOf(httpMethods...))},
			{name: "access_headers", check: text(1000)},
			{name: "access_expose_headers", check: text(1000)},
		})},
	}},
	{path: "/rate-limit/settings", method: "PATCH", plan: 2, fields: fields{
		{name: "ddos_detection", initial: false, check: boolean},
		{name: "exclude_sources", initial: []any{}, check: listOf(source)},
	}},
	{path: "/load-balancers/settings", method: "PATCH", fields: fields{
		{name: "method", initial: "cluster_rr", check: oneOf("cluster_rr", "cluster_chash")},
		{name: "protocol", initial: "auto", check: oneOf("auto", "http", "https")},
		{name: "keepalive", initial: "off", check: onOff},
		{name: "next_upstream_tcp", initial: "off", check: onOff},
		{name: "max_fails", initial: 0, check: integer(0, 10000)},
		{name: "fail_timeout", initial: "10s", check: matching(`^\d+(ms|s|m|h)$`)},
	}},
}

// enabledUnlessOff computes is_enabled, which cannot be set, from the mode.
func enabledUnlessOff(mode string) func(*call, *domain, map[string]any) {
	return func(_ *call, _ *domain, view map[string]any) { view["is_enabled"] = view[mode] != "off" }
}
