package main

import (
	"context"
	"fmt"
	"path"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"

	"github.com/iransre/exchange-platform/provider"
)

// goSDK generates the Go SDK from the provider's schema: the contents of its files by slash-separated path below the SDK's
// folder.
func goSDK(ctx context.Context) (map[string][]byte, error) {
	spec, err := p.GetSchema(ctx, provider.Name, provider.Version, provider.New())
	if err != nil {
		return nil, fmt.Errorf("read the provider's schema: %w", err)
	}
	pkg, diagnostics, err := schema.BindSpec(spec, noLoader{}, schema.ValidationOptions{})
	if err != nil {
		return nil, fmt.Errorf("bind the provider's schema: %w", err)
	}
	if diagnostics.HasErrors() {
		return nil, fmt.Errorf("the provider's schema is not valid: %w", diagnostics)
	}
	generated, err := gogen.GeneratePackage("the exchange platform's generator", pkg, nil)
	if err != nil {
		return nil, fmt.Errorf("generate the Go SDK: %w", err)
	}
	files := map[string][]byte{}
	for name, content := range generated {
		files[strings.TrimPrefix(path.Clean(name), provider.Name+"/")] = content
	}
	return files, nil
}

// noLoader refuses to load other packages: the provider's schema refers to none, and loading one would start its plugin.
type noLoader struct{ schema.Loader }

func (noLoader) LoadPackageV2(_ context.Context, wanted *schema.PackageDescriptor) (*schema.Package, error) {
	return nil, fmt.Errorf("the schema refers to the package %q, which the generator does not load", wanted.Name)
}
