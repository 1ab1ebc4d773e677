package kubespray

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pulumi/pulumi-command/sdk/go/command/remote"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
)

// GrantsNamespace is where the ServiceAccounts of grants are.
const GrantsNamespace = "platform-access"

// GrantsArgs say who else than the administrator gets into the cluster.
type GrantsArgs struct {
	// Cluster is the one it is about, Installer the way into it.
	Cluster   *Cluster
	Installer *chart.Installer
	Grants    []Grant
	// Made are the namespaces that the program itself makes: grants wait for them.
	Made []pulumi.StringInput
}

// Grant says what the holder of one kubeconfig may do.
type Grant struct {
	// Name is the ServiceAccount's and the kubeconfig's user.
	Name string
	// Role is one of Kubernetes' own: "view", "edit" or "admin". None of them reads or writes what belongs to the cluster, and
	// "view" reads no Secrets.
	Role string
	// Namespaces it holds in, which must exist; empty means all, which only "view" may.
	Namespaces []string
	// Lifetime of a token; Kubernetes makes none for less than ten minutes. An update in its second half renews it.
	Lifetime time.Duration
	// Last is the token that the stack's last update left (Granted.Terms); the zero Term if there was none.
	Last Term
}

// Term is what is known of a token without the token itself.
type Term struct {
	// Issued and Expires are in RFC 3339.
	Issued  string `json:"issued"`
	Expires string `json:"expires"`
	// Renewals counts how often the token was renewed since the grant was made.
	Renewals int `json:"renewals"`
}

// Granted is the kubeconfigs of others than the administrator, by the names of the grants.
type Granted struct {
	pulumi.ResourceState

	// Kubeconfigs hold tokens that expire; secret.
	Kubeconfigs pulumi.StringMapOutput `pulumi:"kubeconfigs"`
	// Terms say from when until when those tokens hold. Export them, and give each back as Grant.Last.
	Terms pulumi.Map
}

// now is the clock.
var now = time.Now

// NewGrants makes a ServiceAccount with its rights for each grant, and a kubeconfig with a token of it.
func NewGrants(ctx *pulumi.Context, name string, args *GrantsArgs, opts ...pulumi.ResourceOption) (*Granted, error) {
	granted := &Granted{Terms: pulumi.Map{}}
	return component.New(ctx, "exchange:kubespray:Grants", name, granted, opts, func(child pulumi.ResourceOption) error {
		kubeconfigs := pulumi.StringMap{}
		if len(args.Grants) > 0 {
			namespace, err := args.Installer.Namespace(ctx, name+"-namespace", &chart.NamespaceArgs{
				Name: GrantsNamespace, PodSecurity: chart.Restricted,
			}, child)
			if err != nil {
				return err
			}
			maker := &grants{ctx: ctx, name: name, args: args, namespace: namespace.Name, child: child}
			for _, grant := range args.Grants {
				token, err := maker.make(grant)
				if err != nil {
					return fmt.Errorf("grant %s: %w", grant.Name, err)
				}
				kubeconfigs[grant.Name] = maker.kubeconfig(grant, token)
				granted.Terms[grant.Name] = grant.terms(token)
			}
		}
		granted.Kubeconfigs = pulumi.ToSecret(kubeconfigs).(pulumi.StringMapOutput)
		return nil
	})
}

// grants makes the parts of each grant.
type grants struct {
	ctx       *pulumi.Context
	name      string
	args      *GrantsArgs
	namespace pulumi.StringInput
	child     pulumi.ResourceOption
}

// make makes the ServiceAccount, its bindings and a token, which is secret.
func (g *grants) make(grant Grant) (pulumi.StringOutput, error) {
	name := g.name + "-" + grant.Name
	account, err := g.args.Installer.Object(g.ctx, name, &chart.ObjectArgs{
		APIVersion: "v1", Kind: "ServiceAccount", Name: grant.Name, Namespace: g.namespace,
	}, g.child)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	if err := g.bind(name, grant); err != nil {
		return pulumi.StringOutput{}, err
	}
	asked, err := json.Marshal(map[string]any{
		"account": grant.Name, "namespace": GrantsNamespace, "seconds": int(grant.Lifetime.Seconds()),
	})
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	steps := *g.args.Cluster.steps
	steps.name, steps.child = name, g.child
	token, err := steps.register(step{
		name: "token", node: steps.runner(),
		command: pulumi.Sprintf("sudo -n python3 %s/bundle/runner grant", steps.directory()),
		stdin:   pulumi.String(asked),
		// A ServiceAccount that was made again does not know the tokens of the old one.
		triggers: pulumi.Array{pulumi.String(asked), pulumi.String("renewal " + strconv.Itoa(grant.renewals())), account.UID()},
		logging:  remote.LoggingNone,
		after:    []pulumi.Resource{g.args.Cluster.run, account},
	}, pulumi.AdditionalSecretOutputs([]string{"stdout", "stderr"}))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return token.Stdout, nil
}

// bind binds the account to its role. The role is part of a binding's name, because a binding cannot be pointed at another.
func (g *grants) bind(name string, grant Grant) error {
	binding := func(resource, kind string, namespace pulumi.StringInput) error {
		_, err := g.args.Installer.Object(g.ctx, resource, &chart.ObjectArgs{
			APIVersion: "rbac.authorization.k8s.io/v1", Kind: kind,
			Name: fmt.Sprintf("%s-%s-%s", GrantsNamespace, grant.Name, grant.Role), Namespace: namespace,
			Fields: pulumi.Map{
				"roleRef": pulumi.Map{
					"apiGroup": pulumi.String("rbac.authorization.k8s.io"), "kind": pulumi.String("ClusterRole"), "name": pulumi.String(grant.Role),
				},
				"subjects": pulumi.Array{pulumi.Map{
					"kind": pulumi.String("ServiceAccount"), "name": pulumi.String(grant.Name), "namespace": g.namespace,
				}},
			},
		}, g.child)
		return err
	}
	if len(grant.Namespaces) == 0 {
		return binding(fmt.Sprintf("%s-%s", name, grant.Role), "ClusterRoleBinding", nil)
	}
	for _, namespace := range grant.Namespaces {
		if err := binding(fmt.Sprintf("%s-%s-%s", name, grant.Role, namespace), "RoleBinding", g.there(namespace)); err != nil {
			return err
		}
	}
	return nil
}

// there is the namespace once all that the program makes are there: it may be one of them.
func (g *grants) there(namespace string) pulumi.StringInput {
	var made []any
	for _, each := range g.args.Made {
		made = append(made, each)
	}
	return pulumi.All(made...).ApplyT(func([]any) string { return namespace }).(pulumi.StringOutput)
}

func (g *grants) kubeconfig(grant Grant, token pulumi.StringOutput) pulumi.StringOutput {
	config := pulumi.All(g.args.Cluster.Kubeconfig, token).ApplyT(func(values []any) (string, error) {
		return scoped(values[0].(string), grant, values[1].(string))
	}).(pulumi.StringOutput)
	return pulumi.ToSecret(config).(pulumi.StringOutput)
}

// renewals is the number that the token of this update has: one more than the last one's once half of its life is over. It
// is counted from what the last update left, so that an update that was cut short does not renew twice.
func (grant Grant) renewals() int {
	issued, issuedErr := time.Parse(time.RFC3339, grant.Last.Issued)
	expires, expiresErr := time.Parse(time.RFC3339, grant.Last.Expires)
	if issuedErr != nil || expiresErr != nil || now().Before(issued.Add(expires.Sub(issued)/2)) {
		return grant.Last.Renewals
	}
	return grant.Last.Renewals + 1
}

// terms are the Term of the token, as a resource's outputs.
func (grant Grant) terms(token pulumi.StringOutput) pulumi.Map {
	when := pulumi.Unsecret(token.ApplyT(func(text string) (map[string]string, error) {
		issued, expires, err := lifetime(text)
		return map[string]string{"issued": issued, "expires": expires}, err
	})).(pulumi.StringMapOutput)
	return pulumi.Map{
		"issued": when.MapIndex(pulumi.String("issued")), "expires": when.MapIndex(pulumi.String("expires")),
		"renewals": pulumi.Int(grant.renewals()),
	}
}

// lifetime is what a token, a JWT, says of itself. An error must not quote it.
func lifetime(token string) (issued, expires string, err error) {
	parts := strings.Split(strings.TrimSpace(token), ".")
	var claims struct {
		Issued  int64 `json:"iat"`
		Expires int64 `json:"exp"`
	}
	if len(parts) == 3 {
		if text, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(text, &claims) // what is not there stays zero
		}
	}
	if claims.Issued == 0 || claims.Expires == 0 {
		return "", "", errors.New("what the cluster gave for a token is none that expires: look at `kubectl create token` on a control plane")
	}
	stamp := func(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }
	return stamp(claims.Issued), stamp(claims.Expires), nil
}

// scoped is the administrator's kubeconfig with the token in place of his certificate.
func scoped(admin string, grant Grant, token string) (string, error) {
	var config struct {
		Clusters []struct {
			Cluster map[string]any `json:"cluster"`
		} `json:"clusters"`
	}
	if err := yaml.Unmarshal([]byte(admin), &config); err != nil || len(config.Clusters) == 0 {
		return "", errors.New("the administrator's kubeconfig names no cluster")
	}
	context := map[string]any{"cluster": "cluster", "user": grant.Name}
	if len(grant.Namespaces) > 0 {
		context["namespace"] = grant.Namespaces[0]
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": grant.Name,
		"clusters": []any{map[string]any{"name": "cluster", "cluster": config.Clusters[0].Cluster}},
		"users":    []any{map[string]any{"name": grant.Name, "user": map[string]any{"token": token}}},
		"contexts": []any{map[string]any{"name": grant.Name, "context": context}},
	})
	return string(text), err
}
