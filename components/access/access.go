// Package access gives others than the administrator a way into the cluster: kubeconfigs with rights of their own, for a time.
package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
	"github.com/iransre/exchange-platform/internal/providers"
	"github.com/iransre/exchange-platform/internal/yaml"
)

// namespaceName is where the ServiceAccounts of grants are.
const namespaceName = "platform-access"

// Type is the component's type in a stack's state.
const Type = "exchange:access:Kubeconfigs"

// Args say who else than the administrator gets into the cluster.
type Args struct {
	// Installer is the way into the cluster.
	Installer *chart.Installer
	// Kubeconfig is the administrator's; those of others lead to the same cluster.
	Kubeconfig pulumi.StringInput
	// Tokens makes a token of a ServiceAccount, for what is asked as JSON: account, namespace, seconds.
	Tokens *providers.Question
	Config Config
	// Last are the tokens that the stack's last update left (Kubeconfigs.Terms), by the names of their grants.
	Last map[string]Term
	// Made are the namespaces that the program itself makes: grants wait for them.
	Made []pulumi.StringInput
}

// Kubeconfigs are those of others than the administrator, by the names of the grants.
type Kubeconfigs struct {
	pulumi.ResourceState

	// Texts hold tokens that expire; secret.
	Texts pulumi.StringMapOutput `pulumi:"kubeconfigs" output:"kubeconfigs"`
	// Holders say who may do what until when.
	Holders pulumi.Map `output:"access"`
	// Terms are what the next update has to know of those tokens.
	Terms pulumi.Map `pulumi:"terms"`
}

// New makes a ServiceAccount with its rights for each grant, and a kubeconfig with a token of it.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Kubeconfigs, error) {
	made := &Kubeconfigs{Holders: pulumi.Map{}, Terms: pulumi.Map{}}
	// what it was called when it was a part of kubespray
	opts = append(opts, pulumi.Aliases([]pulumi.Alias{{Type: pulumi.String("exchange:kubespray:Grants")}}))
	return component.New(ctx, Type, name, made, opts, func(child pulumi.ResourceOption) error {
		texts := pulumi.StringMap{}
		if len(args.Config) > 0 {
			namespace, err := args.Installer.Namespace(ctx, name+"-namespace", &chart.NamespaceArgs{
				Name: namespaceName, PodSecurity: chart.Restricted,
			}, child)
			if err != nil {
				return err
			}
			maker := &maker{ctx: ctx, name: name, args: args, namespace: namespace.Name, child: child}
			for _, grant := range args.Config {
				renewals := args.Last[grant.Name].renewals()
				token, err := maker.make(grant, renewals)
				if err != nil {
					return fmt.Errorf("grant %s: %w", grant.Name, err)
				}
				texts[grant.Name] = maker.kubeconfig(grant, token)
				issued, expires := termOf(token)
				made.Terms[grant.Name] = pulumi.Map{"issued": issued, "expires": expires, "renewals": pulumi.Int(renewals)}
				made.Holders[grant.Name] = pulumi.Map{
					"role": pulumi.String(grant.Role), "namespaces": pulumi.ToStringArray(grant.Namespaces), "issued": issued, "expires": expires,
				}
			}
		}
		made.Texts = pulumi.ToSecret(texts).(pulumi.StringMapOutput)
		return nil
	})
}

// maker makes the parts of each grant.
type maker struct {
	ctx       *pulumi.Context
	name      string
	args      *Args
	namespace pulumi.StringInput
	child     pulumi.ResourceOption
}

// make makes the ServiceAccount, its bindings and a token, which is secret.
func (m *maker) make(grant Grant, renewals int) (pulumi.StringOutput, error) {
	lifetime, err := grant.lifetime()
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	name := m.name + "-" + grant.Name
	account, err := m.args.Installer.Object(m.ctx, name, &chart.ObjectArgs{
		APIVersion: "v1", Kind: "ServiceAccount", Name: grant.Name, Namespace: m.namespace,
	}, m.child)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	if err := m.bind(name, grant); err != nil {
		return pulumi.StringOutput{}, err
	}
	asked, err := json.Marshal(map[string]any{
		"account": grant.Name, "namespace": namespaceName, "seconds": int(lifetime.Seconds()),
	})
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	// A renewal is another token. So is that of a ServiceAccount that was made again: it does not know those of the old one.
	renewal := pulumi.Array{pulumi.String("renewal " + strconv.Itoa(renewals)), account.UID()}
	return m.args.Tokens.Ask(m.ctx, name+"-token", string(asked), renewal, account, m.child)
}

// bind binds the account to its role. The role is part of a binding's name, because a binding cannot be pointed at another.
func (m *maker) bind(name string, grant Grant) error {
	binding := func(resource, kind string, namespace pulumi.StringInput) error {
		_, err := m.args.Installer.Object(m.ctx, resource, &chart.ObjectArgs{
			APIVersion: "rbac.authorization.k8s.io/v1", Kind: kind,
			Name: fmt.Sprintf("%s-%s-%s", namespaceName, grant.Name, grant.Role), Namespace: namespace,
			Fields: pulumi.Map{
				"roleRef": pulumi.Map{
					"apiGroup": pulumi.String("rbac.authorization.k8s.io"), "kind": pulumi.String("ClusterRole"), "name": pulumi.String(grant.Role),
				},
				"subjects": pulumi.Array{pulumi.Map{
					"kind": pulumi.String("ServiceAccount"), "name": pulumi.String(grant.Name), "namespace": m.namespace,
				}},
			},
		}, m.child)
		return err
	}
	if len(grant.Namespaces) == 0 {
		return binding(fmt.Sprintf("%s-%s", name, grant.Role), "ClusterRoleBinding", nil)
	}
	for _, namespace := range grant.Namespaces {
		if err := binding(fmt.Sprintf("%s-%s-%s", name, grant.Role, namespace), "RoleBinding", m.there(namespace)); err != nil {
			return err
		}
	}
	return nil
}

// there is the namespace once all that the program makes are there: it may be one of them.
func (m *maker) there(namespace string) pulumi.StringInput {
	var made []any
	for _, each := range m.args.Made {
		made = append(made, each)
	}
	return pulumi.All(made...).ApplyT(func([]any) string { return namespace }).(pulumi.StringOutput)
}

func (m *maker) kubeconfig(grant Grant, token pulumi.StringOutput) pulumi.StringOutput {
	config := pulumi.All(m.args.Kubeconfig, token).ApplyT(func(values []any) (string, error) {
		return scoped(values[0].(string), grant, values[1].(string))
	}).(pulumi.StringOutput)
	return pulumi.ToSecret(config).(pulumi.StringOutput)
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
