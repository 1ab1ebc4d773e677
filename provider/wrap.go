package provider

import (
	"context"
	"slices"

	p "github.com/pulumi/pulumi-go-provider"
	pulumi "github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"

	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// withTable adds to the inferred provider what the table knows and inference cannot express: which replacements delete first, that a broken
// server is replaced, that a changed configuration replaces nothing, and which objects are in the state.
func withTable(provider p.Provider, config *resource.Config, rows table) p.Provider {
	// own is the row of a resource, whose object it notes as one that is in the state.
	own := func(urn pulumi.URN, id string) resource.Row {
		row := rows[urn.Type()]
		config.Own(row.Name, id)
		return row
	}
	wrapped := provider
	wrapped.DiffConfig = diffConfig
	wrapped.Diff = func(ctx context.Context, request p.DiffRequest) (p.DiffResponse, error) {
		row := own(request.Urn, request.ID)
		request.State = withLaterOutputs(request.State, row)
		compared := request
		if request.OldInputs.Len() > 0 {
			// Inputs are compared with inputs. An output of the same name (the gateway that ArvanCloud picked) is no difference.
			compared.State = request.OldInputs
		}
		response, err := provider.Diff(ctx, compared)
		if err != nil {
			return response, err
		}
		return adjustDiff(request, response, row), nil
	}
	wrapped.Check = func(ctx context.Context, request p.CheckRequest) (p.CheckResponse, error) {
		row := rows[request.Urn.Type()]
		response, err := provider.Check(ctx, request)
		response.Inputs = withUnknowns(withoutUnset(response.Inputs, row), request.Inputs)
		return response, err
	}
	wrapped.Create = func(ctx context.Context, request p.CreateRequest) (p.CreateResponse, error) {
		row := rows[request.Urn.Type()]
		response, err := provider.Create(ctx, request)
		response.Properties = withSecrets(withUnknowns(response.Properties, request.Properties), row)
		if request.DryRun {
			response.Properties = withUnknownPrices(response.Properties)
		}
		return response, err
	}
	wrapped.Read = func(ctx context.Context, request p.ReadRequest) (p.ReadResponse, error) {
		row := own(request.Urn, request.ID)
		request.Properties = withLaterOutputs(request.Properties, row)
		response, err := provider.Read(ctx, request)
		response.Inputs = withSecrets(withoutUnset(response.Inputs, row), row)
		response.Properties = withSecrets(response.Properties, row)
		return response, err
	}
	wrapped.Update = func(ctx context.Context, request p.UpdateRequest) (p.UpdateResponse, error) {
		row := own(request.Urn, request.ID)
		request.State = asGiven(withLaterOutputs(request.State, row), request.Inputs, row)
		response, err := provider.Update(ctx, request)
		response.Properties = withSecrets(withUnknowns(response.Properties, request.Inputs), row)
		if request.DryRun {
			response.Properties = withUnknownPrices(response.Properties)
		}
		return response, err
	}
	wrapped.Delete = func(ctx context.Context, request p.DeleteRequest) error {
		request.Properties = withLaterOutputs(request.Properties, rows[request.Urn.Type()])
		return provider.Delete(ctx, request)
	}
	return wrapped
}

// diffConfig says that a changed configuration replaces nothing. By default it would replace the provider, and with it each
// of its resources: to rotate the API key would delete every server.
func diffConfig(_ context.Context, request p.DiffRequest) (p.DiffResponse, error) {
	return p.DiffResponse{HasChanges: !request.OldInputs.Equals(request.Inputs)}, nil
}

// adjustDiff finishes the difference that inference found.
func adjustDiff(request p.DiffRequest, response p.DiffResponse, row resource.Row) p.DiffResponse {
	for output, broken := range row.Broken {
		if value := request.State.Get(output); value.IsString() && value.AsString() == broken {
			if response.DetailedDiff == nil {
				response.DetailedDiff = map[string]p.PropertyDiff{}
			}
			response.DetailedDiff[output] = p.PropertyDiff{Kind: p.UpdateReplace}
			response.HasChanges = true
		}
	}
	if row.Replacement != nil {
		response.DeleteBeforeReplace = row.Replacement(func(inputs ...string) bool {
			return slices.ContainsFunc(inputs, func(input string) bool {
				_, different := response.DetailedDiff[input]
				return different
			})
		})
	}
	return response
}
