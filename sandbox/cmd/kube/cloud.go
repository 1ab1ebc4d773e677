package main

import (
	"net/netip"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/iransre/exchange-platform/sandbox/controlplane/cloud"
)

// newCloudCommand is what surrounds a control plane in a real cluster: kubelets, a volume provisioner, a load balancer.
func newCloudCommand() *cobra.Command {
	var kubeconfig, podCIDR string
	var addresses []string
	command := newCommand("cloud", "Simulated nodes, volumes and load balancer addresses", func(command *cobra.Command) error {
		ctx, stop := signal.NotifyContext(command.Context(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
		if err != nil {
			return err
		}
		options := cloud.Options{Client: config}
		if options.PodCIDR, err = netip.ParsePrefix(podCIDR); err != nil {
			return err
		}
		for _, text := range addresses {
			address, err := netip.ParseAddr(text)
			if err != nil {
				return err
			}
			options.LoadBalancerAddresses = append(options.LoadBalancerAddresses, address)
		}
		return cloud.Run(ctx, options)
	})
	command.Flags().StringVar(&kubeconfig, "kubeconfig", "", "kubeconfig with full rights (required)")
	command.Flags().StringVar(&podCIDR, "pod-cidr", "", "range that pod addresses come from (required)")
	command.Flags().StringSliceVar(&addresses, "load-balancer-addresses", nil, "addresses that Services of type LoadBalancer get, in this order")
	_ = command.MarkFlagRequired("kubeconfig")
	_ = command.MarkFlagRequired("pod-cidr")
	return command
}
