package stacks

import (
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// The controller believes X-Forwarded-Proto of whoever reaches it, so it may believe anybody only where the firewall lets
// nobody in but those whose X-Forwarded-For it believes.
func TestOnlyAProxyingCDNIsBelieved(t *testing.T) {
	cdn := []string{"185.143.232.0/22", "2.144.3.128/28"}
	for name, test := range map[string]struct {
		proxied bool
		mode    edge.Mode
		web     []string
		trusted []string
	}{
		"behind the CDN":          {true, edge.CDN, cdn, cdn},
		"behind its WAF":          {true, edge.WithWAF, cdn, cdn},
		"the CDN is not used":     {false, edge.CDN, cdn, nil},
		"plain records":           {true, edge.DNS, cdn, nil},
		"everybody gets in":       {true, edge.CDN, []string{"0.0.0.0/0"}, nil},
		"everybody besides it":    {true, edge.CDN, append([]string{"::/0"}, cdn...), nil},
		"everybody in two halves": {true, edge.CDN, []string{"0.0.0.0/1", "128.0.0.0/1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := Load(project, "prod", completed(t, "prod"))
			assert.NilError(t, err)
			cfg.Ingress.Engine = ingress.Nginx // what Traefik is told is a test of its component
			cfg.Edge.Proxied, cfg.Edge.Mode, cfg.Network.WebCIDRs = new(test.proxied), test.mode, test.web
			recording := deployedWith(t, cfg)
			controller := mocktest.Plain(recording.Get(t, "ingress-release").Inputs["values"]).(map[string]any)["controller"].(map[string]any)
			config := controller["config"].(map[string]any)
			ranges, _ := config["proxy-real-ip-cidr"].(string)
			assert.Equal(t, ranges, strings.Join(test.trusted, ","))
			assert.Equal(t, config["use-forwarded-headers"] == "true", len(test.trusted) > 0)
		})
	}
}
