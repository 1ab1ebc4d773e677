package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/arvan"
)

// apiNames are the ways to the Kubernetes API.
type apiNames struct {
	// outside is what kubeconfigs name.
	outside pulumi.StringInput
	// certified are all names and addresses from which it may be reached. The cluster waits for them, and so for the records.
	certified pulumi.StringArray
}

// newAPINames makes the records of the API's names that the stack has chosen.
func newAPINames(ctx *pulumi.Context, cfg *Config, machines *arvan.Machines, opt pulumi.ResourceOption) (*apiNames, error) {
	public := machines.PublicAddresses(arvan.ControlPlane)
	names := &apiNames{outside: public[0], certified: public}
	record := func(name, host string, addresses pulumi.StringArray) (*arvan.Name, error) {
		return arvan.NewName(ctx, name, &arvan.NameArgs{
			Domain: cfg.Edge.Domain, Host: host, Addresses: addresses, TTLSeconds: cfg.Edge.TTLSeconds,
		}, opt)
	}
	if host := cfg.Kubernetes.APIHost; host != "" {
		made, err := record("kubernetes-api", host, public)
		if err != nil {
			return nil, err
		}
		names.outside = made.Host
	}
	if host := cfg.Kubernetes.InternalHost; host != "" {
		made, err := record("kubernetes-internal", host, machines.PrivateAddresses(arvan.ControlPlane))
		if err != nil {
			return nil, err
		}
		names.certified = append(names.certified, made.Host)
	}
	return names, nil
}
