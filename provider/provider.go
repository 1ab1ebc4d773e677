// Package provider is the Pulumi provider for ArvanCloud: virtual machines with their networks, firewalls, disks and addresses of
// the IaaS v1 API; domains with their records, settings, rules and load balancers of the CDN 4.0 API. Its table lists all resources and
// functions; each is a file in the package of its service, which is named as the module of its token.
package provider

//go:generate go run ./cmd/generate ../sdks/arvancloud ../internal/providers/arvancloud.go

import (
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/middleware/schema"

	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// Name is the name of the Pulumi package: the first part of every token, and of the configuration keys.
const Name = resource.Package

// Version is the version of the provider and of the SDK generated from it. The linker sets it for a release.
var Version = "0.1.0"

// sdkImportPath is where the generated Go SDK lives.
const sdkImportPath = "github.com/iransre/exchange-platform/sdks/arvancloud"

// New makes the provider.
func New() p.Provider { return build(resource.Patient()) }

func build(tuning resource.Tuning) p.Provider {
	config, rows := resource.NewConfig(tuning, "pulumi-resource-arvancloud/"+Version), rows()
	var inferredResources []infer.InferredResource
	for _, row := range rows {
		inferredResources = append(inferredResources, row.Inferred)
	}
	var inferredFunctions []infer.InferredFunction
	for _, function := range functions {
		inferredFunctions = append(inferredFunctions, function.Inferred())
	}
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
		Config:    infer.Config(config),
		Resources: inferredResources,
		Functions: inferredFunctions,
	})
	return withTable(provider, config, rows)
}
