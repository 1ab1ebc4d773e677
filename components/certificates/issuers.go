package certificates

import (
	"encoding/base64"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	apiVersion = "cert-manager.io/v1"

	// authorityName is what people see of the authority when they look at a certificate of it.
	authorityName   = "exchange-platform"
	authoritySecret = "internal-authority"

	solverGroup = "acme.arvancloud.ir" // the webhook's own; its chart and the issuer have to say the same
	keySecret   = "arvancloud-key"
	keyOfSecret = "api-key"
	// accountSecret is made by cert-manager: the key by which the ACME server knows it.
	accountSecret = "acme-account"
)

// issuer makes one that may sign in every namespace. The Secrets that it reads are there before the release.
func (a *Args) issuer(
	ctx *pulumi.Context, name string, issuer Issuer, spec map[string]any, release pulumi.Resource, child pulumi.ResourceOption,
) (*chart.Object, error) {
	return a.Installer.Object(ctx, name+"-"+string(issuer), &chart.ObjectArgs{
		APIVersion: apiVersion, Kind: "ClusterIssuer", Name: string(issuer), Fields: pulumi.Map{"spec": pulumi.ToMap(spec)},
	}, child, pulumi.DependsOn([]pulumi.Resource{release}))
}

// internalIssuer signs with the environment's own authority. That is in the state, not cert-manager's: it is the same in a cluster that
// is made anew, and whoever trusts it need not be told of another.
func internalIssuer() map[string]any {
	return map[string]any{"ca": map[string]any{"secretName": authoritySecret}}
}

// acmeIssuer proves by records at ArvanCloud that the names are ours.
func (a *Args) acmeIssuer() map[string]any {
	acme := map[string]any{
		"server": a.Config.ACME.Server, "email": a.Config.ACME.Email,
		"privateKeySecretRef": map[string]any{"name": accountSecret},
		"solvers": []any{map[string]any{
			"selector": map[string]any{"dnsZones": []any{a.Domain}},
			"dns01": map[string]any{"webhook": map[string]any{
				"groupName": solverGroup, "solverName": "arvancloud",
				"config": map[string]any{
					"apiKeySecretRef": map[string]any{"name": keySecret, "key": keyOfSecret}, "apiUrl": a.Config.ACME.Endpoint,
					// it would ask resolvers abroad; cert-manager looks for the record itself
					"propagationCheck": false,
				},
			}},
		}},
	}
	if a.Config.ACME.Authority != "" {
		acme["caBundle"] = base64.StdEncoding.EncodeToString([]byte(a.Config.ACME.Authority))
	}
	return map[string]any{"acme": acme}
}

// certificate is for all names that lead to the workers. It lives for 90 days where the authority gives so many.
func (a *Args) certificate() map[string]any {
	names := make([]any, len(a.Hosts))
	for i, host := range a.Hosts {
		names[i] = host
	}
	return map[string]any{
		"secretName": SecretName, "dnsNames": names,
		"issuerRef": map[string]any{"group": "cert-manager.io", "kind": "ClusterIssuer", "name": string(a.Config.Issuer)},
		// what the CDN takes of its origins is not said anywhere; it takes the controller's own, which is RSA
		"privateKey":  map[string]any{"algorithm": "RSA", "size": 2048, "rotationPolicy": "Always"},
		"usages":      []any{"digital signature", "key encipherment", "server auth"},
		"renewBefore": fmt.Sprintf("%dh", 24*a.Config.RenewBeforeDays),
	}
}
