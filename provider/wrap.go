package provider

import (
	"context"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/iransre/exchange-platform/provider/client"
)

// ownedKinds is the kind of object behind each resource that may be adopted.
var ownedKinds = map[string]string{
	Name + ":iaas:SshKey":        kindSSHKey,
	Name + ":iaas:Network":       kindNetwork,
	Name + ":iaas:SecurityGroup": kindSecurityGroup,
	Name + ":iaas:Server":        kindServer,
	Name + ":cdn:DnsRecord":      kindDNSRecord,

	Name + ":iaas:ServerGroup":                kindServerGroup,
	Name + ":storage:Volume":                  kindVolume,
	Name + ":storage:VolumeAttachment":        kindVolumeAttachment,
	Name + ":storage:Snapshot":                kindSnapshot,
	Name + ":networking:FloatingIp":           kindFloatingIP,
	Name + ":networking:FloatingIpAttachment": kindFloatingIPAttachment,
	Name + ":networking:PtrRecord":            kindPtrRecord,
	Name + ":networking:PortSecurity":         kindPortSecurity,
	Name + ":tagging:Tag":                     kindTag,
	Name + ":tagging:ServerTag":               kindServerTag,
	Name + ":cdn:Domain":                      kindDomain,
	Name + ":traffic:HttpsSettings":           kindHTTPSSettings,
	Name + ":traffic:CacheSettings":           kindCacheSettings,
	Name + ":traffic:PageRule":                kindPageRule,
	Name + ":traffic:LoadBalancer":            kindLoadBalancer,
	Name + ":protection:FirewallSettings":     kindFirewallSettings,
	Name + ":protection:FirewallRule":         kindFirewallRule,
	Name + ":protection:WafSettings":          kindWAFSettings,
	Name + ":protection:DdosSettings":         kindDDoSSettings,
	Name + ":protection:RateLimitRule":        kindRateLimitRule,
}

// withLifecycle adds to the inferred provider what inference cannot express: which replacements delete first, that a broken
// server is replaced, that a changed configuration replaces nothing, and which objects are in the state.
func withLifecycle(provider p.Provider, config *Config) p.Provider {
	own := func(urn resource.URN, id string) {
		if kind, adoptable := ownedKinds[string(urn.Type())]; adoptable && config.session != nil {
			config.session.own(kind, id)
		}
	}
	wrapped := provider
	wrapped.DiffConfig = diffConfig
	wrapped.Diff = func(ctx context.Context, request p.DiffRequest) (p.DiffResponse, error) {
		own(request.Urn, request.ID)
		request.State = withLaterOutputs(request.State, request.Urn.Type())
		compared := request
		if request.OldInputs.Len() > 0 {
			// Inputs are compared with inputs. An output of the same name (the gateway that ArvanCloud picked) is no difference.
			compared.State = request.OldInputs
		}
		response, err := provider.Diff(ctx, compared)
		if err != nil {
			return response, err
		}
		return adjustDiff(request, response), nil
	}
	wrapped.Check = func(ctx context.Context, request p.CheckRequest) (p.CheckResponse, error) {
		response, err := provider.Check(ctx, request)
		response.Inputs = withUnknowns(withoutUnset(response.Inputs, request.Urn.Type()), request.Inputs)
		return response, err
	}
	wrapped.Create = func(ctx context.Context, request p.CreateRequest) (p.CreateResponse, error) {
		response, err := provider.Create(ctx, request)
		response.Properties = withSecrets(withUnknowns(response.Properties, request.Properties))
		if request.DryRun {
			response.Properties = withUnknownPrices(response.Properties)
		}
		return response, err
	}
	wrapped.Read = func(ctx context.Context, request p.ReadRequest) (p.ReadResponse, error) {
		own(request.Urn, request.ID)
		request.Properties = withLaterOutputs(request.Properties, request.Urn.Type())
		response, err := provider.Read(ctx, request)
		response.Inputs = withoutUnset(response.Inputs, request.Urn.Type())
		response.Properties = withSecrets(response.Properties)
		return response, err
	}
	wrapped.Update = func(ctx context.Context, request p.UpdateRequest) (p.UpdateResponse, error) {
		own(request.Urn, request.ID)
		request.State = asGiven(withLaterOutputs(request.State, request.Urn.Type()), request.Inputs, request.Urn.Type())
		response, err := provider.Update(ctx, request)
		response.Properties = withSecrets(withUnknowns(response.Properties, request.Inputs))
		if request.DryRun {
			response.Properties = withUnknownPrices(response.Properties)
		}
		return response, err
	}
	wrapped.Delete = func(ctx context.Context, request p.DeleteRequest) error {
		request.Properties = withLaterOutputs(request.Properties, request.Urn.Type())
		return provider.Delete(ctx, request)
	}
	return wrapped
}

// adjustDiff finishes the difference that inference found.
func adjustDiff(request p.DiffRequest, response p.DiffResponse) p.DiffResponse {
	changed := func(names ...string) bool {
		for _, name := range names {
			if _, different := response.DetailedDiff[name]; different {
				return true
			}
		}
		return false
	}
	switch ownedKinds[string(request.Urn.Type())] {
	case kindServer:
		if status := request.State.Get("status"); status.IsString() && status.AsString() == client.StatusError {
			if response.DetailedDiff == nil {
				response.DetailedDiff = map[string]p.PropertyDiff{}
			}
			response.DetailedDiff["status"] = p.PropertyDiff{Kind: p.UpdateReplace}
			response.HasChanges = true
		}
		// The new server needs the name and the private addresses of the old one.
		response.DeleteBeforeReplace = !changed("zone", "name")
	case kindDNSRecord:
		// A name may hold only one of several types.
		response.DeleteBeforeReplace = !changed("domain", "name")
	case kindVolumeAttachment, kindFloatingIPAttachment, kindPortSecurity, kindPtrRecord, kindServerTag, kindDomain:
		// Each can hold only one.
		response.DeleteBeforeReplace = true
	case kindSSHKey, kindTag:
		response.DeleteBeforeReplace = !changed("zone", "name")
	}
	return response
}
