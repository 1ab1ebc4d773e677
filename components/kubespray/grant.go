package kubespray

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pulumi/pulumi-command/sdk/go/command/remote"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/components/internal/component"
)

// GrantArgs says what the holder of a kubeconfig may do.
type GrantArgs struct {
	// Account names the ServiceAccount, in the namespace platform-access.
	Account string
	// Role is one of Kubernetes' own: "view", "edit" or "admin". None of them reads or writes what belongs to the cluster, and
	// "view" reads no Secrets.
	Role string
	// Namespaces it holds in, which must exist; empty means all, which only "view" may.
	Namespaces []string
	// Hours a token lives; defaults to 720. An up after half of them renews it.
	Hours int
}

// Grant is a kubeconfig for others than the administrator.
type Grant struct {
	pulumi.ResourceState

	// Kubeconfig holds a token that expires; secret.
	Kubeconfig pulumi.StringOutput `pulumi:"kubeconfig"`
}

// now is the clock.
var now = time.Now

// NewGrant makes a ServiceAccount with its rights, and a kubeconfig with a token of it. Give it DependsOn what makes the
// namespaces.
func NewGrant(ctx *pulumi.Context, name string, cluster *Cluster, args *GrantArgs, opts ...pulumi.ResourceOption) (*Grant, error) {
	grant := &Grant{}
	return component.New(ctx, "exchange:kubespray:Grant", name, grant, opts, func(child pulumi.ResourceOption) error {
		full := *args
		if full.Hours == 0 {
			full.Hours = 720
		}
		if err := full.check(); err != nil {
			return err
		}
		asked, err := json.Marshal(map[string]any{
			"account": full.Account, "role": full.Role, "namespaces": full.Namespaces, "hours": full.Hours,
		})
		if err != nil {
			return err
		}
		steps := *cluster.steps
		steps.name, steps.child = name, child
		token, err := steps.register(step{
			name: "token", node: steps.runner(),
			command:  pulumi.Sprintf("sudo -n python3 %s/bundle/runner grant", steps.directory()),
			stdin:    pulumi.String(asked),
			triggers: pulumi.Array{pulumi.String(asked), pulumi.String(full.term()), cluster.run.ID()},
			logging:  remote.LoggingNone,
			after:    []pulumi.Resource{cluster.run},
		}, pulumi.AdditionalSecretOutputs([]string{"stdout", "stderr"}))
		if err != nil {
			return err
		}
		config := pulumi.All(cluster.Kubeconfig, token.Stdout).ApplyT(func(values []any) (string, error) {
			return scoped(values[0].(string), full, values[1].(string))
		}).(pulumi.StringOutput)
		grant.Kubeconfig = pulumi.ToSecret(config).(pulumi.StringOutput)
		return nil
	})
}

func (args *GrantArgs) check() error {
	var found []error
	if !clusterName.MatchString(args.Account) {
		found = append(found, fmt.Errorf("account: %q is no name of at most 40 lower-case letters, digits and dashes", args.Account))
	}
	switch args.Role {
	case "view", "edit", "admin":
	default:
		found = append(found, fmt.Errorf("role: %q is none of view, edit, admin", args.Role))
	}
	if len(args.Namespaces) == 0 && args.Role != "view" {
		found = append(found, fmt.Errorf("namespaces: %q in all of them is the administrator: name those it is for", args.Role))
	}
	for _, namespace := range args.Namespaces {
		if !nodeName.MatchString(namespace) {
			found = append(found, fmt.Errorf("namespaces: %q is no name", namespace))
		}
	}
	if args.Hours < 1 {
		found = append(found, fmt.Errorf("hours: %d is less than one", args.Hours))
	}
	return errors.Join(found...)
}

// term changes each time that half of a token's life is over, which makes the next up renew it.
func (args *GrantArgs) term() string {
	half := time.Duration(args.Hours) * time.Hour / 2
	return "term " + strconv.FormatInt(now().UnixNano()/int64(half), 10)
}

// scoped is the administrator's kubeconfig with the token in place of his certificate.
func scoped(admin string, args GrantArgs, token string) (string, error) {
	var config struct {
		Clusters []struct {
			Cluster map[string]any `json:"cluster"`
		} `json:"clusters"`
	}
	if err := yaml.Unmarshal([]byte(admin), &config); err != nil || len(config.Clusters) == 0 {
		return "", errors.New("the administrator's kubeconfig names no cluster")
	}
	context := map[string]any{"cluster": "cluster", "user": args.Account}
	if len(args.Namespaces) > 0 {
		context["namespace"] = args.Namespaces[0]
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": args.Account,
		"clusters": []any{map[string]any{"name": "cluster", "cluster": config.Clusters[0].Cluster}},
		"users":    []any{map[string]any{"name": args.Account, "user": map[string]any{"token": token}}},
		"contexts": []any{map[string]any{"name": args.Account, "context": context}},
	})
	return string(text), err
}
