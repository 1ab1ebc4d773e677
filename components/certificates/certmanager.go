package certificates

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	entry         = "cert-manager"
	namespaceName = "cert-manager"

	// webhook writes the records that an ACME server asks for; cert-manager knows nothing of ArvanCloud itself.
	webhookEntry = "arvancloud-webhook"
	webhookPart  = "arvancloud"
)

// parts are cert-manager, and with ACME what speaks to ArvanCloud for it.
func (a *Args) parts(authority *chart.Authority) *chart.Parts {
	parts := &chart.Parts{
		Namespace: chart.NamespaceArgs{Name: namespaceName, PodSecurity: chart.Restricted},
		Secrets: []chart.SecretArgs{{
			Part: "authority-secret", Name: authoritySecret, Type: "kubernetes.io/tls",
			Data: pulumi.StringMap{"tls.crt": authority.Certificate, "tls.key": authority.Key},
		}},
		Releases: []chart.ReleaseArgs{{Entry: entry, Atomic: true, CRDs: a.MonitorCRDs, Values: pulumi.ToMap(a.values())}},
	}
	if a.Config.Issuer == ByACME {
		parts.Secrets = append(parts.Secrets, chart.SecretArgs{
			Part: "arvancloud-key", Name: keySecret, Data: pulumi.StringMap{keyOfSecret: pulumi.String(a.Config.ACME.APIKey)},
		})
		parts.Releases = append(parts.Releases, chart.ReleaseArgs{
			Part: webhookPart, Entry: webhookEntry, Atomic: true, Needs: "release", Values: pulumi.ToMap(a.webhookValues()),
		})
	}
	return parts
}

// values are cert-manager's.
func (a *Args) values() map[string]any {
	monitored := a.MonitorCRDs != nil
	part := func(cpu, memory, limit string) map[string]any {
		return map[string]any{
			"replicaCount": a.replicas(), "podDisruptionBudget": map[string]any{"enabled": a.Config.HighlyAvailable},
			"resources": map[string]any{
				"requests": map[string]any{"cpu": cpu, "memory": memory}, "limits": map[string]any{"memory": limit},
			},
		}
	}
	values := part("20m", "64Mi", "256Mi")
	// kept when the release goes: with them would go every Certificate of the cluster, others' too
	values["crds"] = map[string]any{"enabled": true, "keep": true}
	values["global"] = map[string]any{"leaderElection": map[string]any{"namespace": namespaceName}}
	values["webhook"] = part("10m", "32Mi", "128Mi")
	values["cainjector"] = part("10m", "96Mi", "512Mi")
	values["prometheus"] = map[string]any{"enabled": monitored, "servicemonitor": map[string]any{"enabled": monitored}}
	// by the cluster's own resolvers: a name server of the zone would be asked by UDP, which no policy lets out
	values["dns01RecursiveNameserversOnly"] = true
	return values
}

func (a *Args) replicas() int {
	if a.Config.HighlyAvailable {
		return 2
	}
	return 1
}

// webhookValues are those of what speaks to ArvanCloud.
func (a *Args) webhookValues() map[string]any {
	return map[string]any{
		"groupName":    solverGroup,
		"replicaCount": a.replicas(),
		"certManager":  map[string]any{"namespace": namespaceName, "serviceAccountName": entry},
	}
}
