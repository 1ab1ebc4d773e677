package provider

const testDomain = "iransre.ir"

func init() {
	// settings is the life of settings: each change alone.
	settings := func(inputs map[string]any, changes ...map[string]any) func(*world) life {
		return func(*world) life {
			inputs["domain"] = testDomain
			return life{inputs: inputs, changes: changes, replaces: map[string]any{"domain": "example.ir"}, outputs: []string{"original"}, keeps: true}
		}
	}
	rule := func(output string, inputs map[string]any, changes ...map[string]any) func(*world) life {
		return func(*world) life {
			inputs["domain"] = testDomain
			return life{inputs: inputs, changes: changes, replaces: map[string]any{"domain": "example.ir"}, outputs: []string{output}}
		}
	}
	lives["arvancloud:cdn:Domain"] = func(*world) life {
		return life{
			inputs:   map[string]any{"domain": "Example.ir.", "planLevel": 2},
			changes:  []map[string]any{{"planLevel": 3}},
			replaces: map[string]any{"domain": "example.com", "type": "partial"},
			outputs:  []string{"domainId", "status", "nameServers", "targetCname"},
		}
	}
	lives["arvancloud:traffic:HttpsSettings"] = settings(
		map[string]any{"enabled": true, "certificate": "managed", "keyType": "rsa", "minimumTlsVersion": "TLSv1.3", "redirectToHttps": true,
			"replaceHttp": true, "hsts": true, "hstsMaxAge": "6mo", "hstsSubdomains": true, "hstsPreload": true},
		map[string]any{"enabled": false}, map[string]any{"keyType": "ec"}, map[string]any{"minimumTlsVersion": "TLSv1.2"},
		map[string]any{"redirectToHttps": false}, map[string]any{"replaceHttp": false}, map[string]any{"hsts": false},
		map[string]any{"hstsMaxAge": "12mo"}, map[string]any{"hstsSubdomains": false}, map[string]any{"hstsPreload": false})
	lives["arvancloud:traffic:CacheSettings"] = settings(
		map[string]any{"mode": "query_string", "lifetimeOk": "7d", "lifetimeAny": "1m", "lifetimeBrowser": "1h", "developerMode": true,
			"consistentUptime": true, "byScheme": false, "ignoreSetCookie": true, "cookie": "session", "byArguments": false, "argument": "v"},
		map[string]any{"mode": "off"}, map[string]any{"lifetimeOk": "30d"}, map[string]any{"lifetimeAny": "0s"},
		map[string]any{"lifetimeBrowser": "default"}, map[string]any{"developerMode": false}, map[string]any{"consistentUptime": false},
		map[string]any{"byScheme": true}, map[string]any{"ignoreSetCookie": false}, map[string]any{"cookie": "other"},
		map[string]any{"byArguments": true}, map[string]any{"argument": "w"})
	lives["arvancloud:protection:FirewallSettings"] = settings(
		map[string]any{"defaultAction": "deny", "verifySni": true},
		map[string]any{"defaultAction": "challenge"}, map[string]any{"verifySni": false})
	lives["arvancloud:protection:WafSettings"] = settings(map[string]any{"mode": "detect"}, map[string]any{"mode": "protect"})
	lives["arvancloud:protection:DdosSettings"] = settings(
		map[string]any{"mode": "javascript", "ttl": 600, "httpsOnly": true, "captchaService": "hcaptcha"},
		map[string]any{"mode": "cookie"}, map[string]any{"ttl": 0}, map[string]any{"httpsOnly": false}, map[string]any{"captchaService": "arcaptcha"})
	lives["arvancloud:protection:FirewallRule"] = rule("ruleId",
		map[string]any{"name": "no-admin", "expression": `http.request.uri.path contains "/admin"`, "action": "challenge",
			"details": map[string]any{"mode": 2, "ttl": 60, "httpsOnly": true}, "enabled": true, "note": "of the exchange"},
		map[string]any{"name": "no-login"}, map[string]any{"expression": "ip.src in {192.0.2.1}"}, map[string]any{"action": "deny"},
		map[string]any{"details": map[string]any{"mode": 3, "ttl": 60, "httpsOnly": true}}, map[string]any{"enabled": false},
		map[string]any{"note": "other"})
	lives["arvancloud:protection:RateLimitRule"] = rule("ruleId",
		map[string]any{"urlPattern": "demo.iransre.ir/api/**", "rate": 100, "timeDuration": 60, "burst": 10, "blockDuration": 30, "action": "block",
			"allowedMethods": []any{"GET"}, "excludeSources": []any{"192.0.2.0/24"}, "enabled": true},
		map[string]any{"urlPattern": "demo.iransre.ir/**"}, map[string]any{"rate": 200}, map[string]any{"timeDuration": 30},
		map[string]any{"burst": 20}, map[string]any{"blockDuration": 0}, map[string]any{"action": "challenge"},
		map[string]any{"allowedMethods": []any{"GET", "POST"}}, map[string]any{"excludeSources": []any{"192.0.2.1"}}, map[string]any{"enabled": false})
	lives["arvancloud:traffic:PageRule"] = rule("ruleId",
		map[string]any{"url": "demo.iransre.ir/static/**", "place": 10, "enabled": true, "cacheMode": "uri", "lifetimeOk": "7d", "lifetimeAny": "1m",
			"lifetimeBrowser": "1h", "waf": false, "firewall": false, "customHostHeader": "origin.iransre.ir", "loadBalancerId": "one",
			"requestHeaders": []any{map[string]any{"name": "X-Cdn-Key", "value": "one"}},
			"redirect":       map[string]any{"enabled": true, "statusCode": 302, "url": "https://iransre.ir/"}},
		map[string]any{"url": "demo.iransre.ir/**"}, map[string]any{"place": 0}, map[string]any{"enabled": false}, map[string]any{"cacheMode": "off"},
		map[string]any{"lifetimeOk": "1h"}, map[string]any{"lifetimeAny": "0s"}, map[string]any{"lifetimeBrowser": "default"},
		map[string]any{"waf": true}, map[string]any{"firewall": true}, map[string]any{"customHostHeader": "other.iransre.ir"},
		map[string]any{"requestHeaders": []any{map[string]any{"name": "X-Cdn-Key", "value": "two"}}},
		map[string]any{"loadBalancerId": "two"}, map[string]any{"redirect": map[string]any{"enabled": true, "statusCode": 301, "url": "https://iransre.ir/x"}})
	origin := func(address string, port int) map[string]any {
		return map[string]any{"name": "", "address": address, "port": port, "weight": 10, "protocol": "https", "hostHeader": "iransre.ir", "enabled": true}
	}
	pool := func(name, method string, origins ...any) map[string]any {
		return map[string]any{"name": name, "enabled": true, "method": method, "keepalive": true, "nextUpstreamTcp": false, "regions": []any{"THR"},
			"origins": origins}
	}
	first, second := pool("workers", "cluster_rr", origin("192.0.2.1", 443), origin("192.0.2.2", 443)), pool("spare", "cluster_rr", origin("192.0.2.3", 443))
	lives["arvancloud:traffic:LoadBalancer"] = rule("loadBalancerId",
		map[string]any{"name": "web", "description": "of the exchange", "enabled": true, "method": "failover", "pools": []any{first, second}},
		map[string]any{"name": "web2"}, map[string]any{"description": "other"}, map[string]any{"enabled": false}, map[string]any{"method": "cluster_chash"},
		map[string]any{"pools": []any{first}}, map[string]any{"pools": []any{second, first}},
		map[string]any{"pools": []any{first, second, pool("third", "cluster_chash", origin("192.0.2.4", 80))}},
		map[string]any{"pools": []any{pool("workers", "cluster_chash", origin("192.0.2.1", 8443)), second}})
}
