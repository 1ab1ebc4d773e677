// Package provider is the Pulumi provider for ArvanCloud: virtual machines with their networks, firewalls, disks and addresses of
// the IaaS v1 API; domains with their records, settings, rules and load balancers of the CDN 4.0 API. One file per resource. Most are
// a [kind], which holds what is the same about all of them; the HTTP client stands alone in package client.
package provider

//go:generate go run ./cmd/generate ../sdks/arvancloud

import (
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/middleware/schema"
)

// Name is the name of the Pulumi package: the first part of every token, and of the configuration keys.
const Name = "arvancloud"

// Version is the version of the provider and of the SDK generated from it. The linker sets it for a release.
var Version = "0.1.0"

// Modules of the package's tokens. Each becomes a package of the SDK; what few programs use is in modules of its own, because a
// program compiles every package that it imports.
const (
	moduleIaaS       = "iaas"
	moduleStorage    = "storage"
	moduleNetworking = "networking"
	moduleTagging    = "tagging"
	moduleAccount    = "account"
	moduleCDN        = "cdn"
	moduleTraffic    = "traffic"
	moduleProtection = "protection"
)

// sdkImportPath is where the generated Go SDK lives.
const sdkImportPath = "github.com/iransre/exchange-platform/sdks/arvancloud"

// New makes the provider.
func New() p.Provider { return build(patient()) }

func build(tuning tuning) p.Provider {
	config := &Config{tuning: tuning}
	provider := infer.Provider(infer.Options{
		Metadata: schema.Metadata{
			DisplayName: "ArvanCloud",
			Description: "Virtual machines, networks, disks and addresses, and the CDN, on ArvanCloud.",
			Keywords:    []string{"pulumi", "arvancloud", "category/cloud"},
			Homepage:    "https://github.com/iransre/exchange-platform",
			Repository:  "https://github.com/iransre/exchange-platform",
			Publisher:   "iransre",
			License:     "Apache-2.0",
			// The keys are those of the generator's GoPackageInfo, spelled out because importing it would link the whole
			// generator into the plugin.
			LanguageMap: map[string]any{"go": map[string]any{
				"importBasePath":       sdkImportPath,
				"rootPackageName":      Name,
				"respectSchemaVersion": true,
				"pulumiSDKVersion":     3,
			}},
		},
		Config: infer.Config(config),
		Resources: []infer.InferredResource{
			infer.Resource(&SSHKey{}),
			infer.Resource(&Network{}),
			infer.Resource(&SecurityGroup{}),
			infer.Resource(&Server{}),
			infer.Resource(newServerGroup()),
			infer.Resource(newVolume()),
			infer.Resource(newVolumeAttachment()),
			infer.Resource(newSnapshot()),
			infer.Resource(newFloatingIP()),
			infer.Resource(newFloatingIPAttachment()),
			infer.Resource(newPtrRecord()),
			infer.Resource(newPortSecurity()),
			infer.Resource(newTag()),
			infer.Resource(newServerTag()),
			infer.Resource(&DNSRecord{}),
			infer.Resource(newDomain()),
			infer.Resource(newHTTPSSettings()),
			infer.Resource(newCacheSettings()),
			infer.Resource(newPageRule()),
			infer.Resource(newLoadBalancer()),
			infer.Resource(newFirewallSettings()),
			infer.Resource(newFirewallRule()),
			infer.Resource(newWAFSettings()),
			infer.Resource(newDDoSSettings()),
			infer.Resource(newRateLimitRule()),
		},
		Functions: []infer.InferredFunction{
			infer.Function(&GetImage{}),
			infer.Function(&GetPlan{}),
			infer.Function(&GetZones{}),
			infer.Function(&GetPlans{}),
			infer.Function(&GetImages{}),
			infer.Function(&GetNetworks{}),
			infer.Function(&GetQuota{}),
			infer.Function(&GetAccount{}),
		},
	})
	return withLifecycle(provider, config)
}
