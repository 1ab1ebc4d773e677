package main

import (
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/controlplane/cloud"
)

// newCloudCommand is what surrounds a control plane in a real cluster: kubelets, a volume provisioner, a load balancer.
func newCloudCommand() *cobra.Command {
	var kubeconfig, podCIDR, images string
	var addresses []string
	var beside cloud.Beside
	var isBeside bool
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
		if isBeside {
			options.Beside = &beside
			if beside.Real, err = listedImages(images); err != nil {
				return err
			}
		}
		return cloud.Run(ctx, options)
	})
	command.Flags().StringVar(&kubeconfig, "kubeconfig", "", "kubeconfig with full rights (required)")
	command.Flags().StringVar(&podCIDR, "pod-cidr", "", "range that pod addresses come from (required)")
	command.Flags().StringSliceVar(&addresses, "load-balancer-addresses", nil, "addresses that Services of type LoadBalancer get, in this order")
	command.Flags().BoolVar(&isBeside, "beside", false, "the cluster's nodes are real: simulate beside them what cannot run there")
	command.Flags().StringVar(&images, "images", "", "file with the names of the images that can be had, one a line and without tags, with --beside")
	command.Flags().StringVar(&beside.Address, "admission-address", "", "host and port at which the API server asks about pods, with --beside")
	command.MarkFlagsRequiredTogether("beside", "images", "admission-address")
	_ = command.MarkFlagRequired("kubeconfig")
	_ = command.MarkFlagRequired("pod-cidr")
	return command
}

// listedImages reads a list of images, and again whenever it is asked of one whether it is in it: there may be more by then.
func listedImages(file string) (func(image string) bool, error) {
	if _, err := os.Stat(file); err != nil {
		return nil, err
	}
	return func(image string) bool {
		text, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		if strings.TrimSpace(string(text)) == controlplane.EveryImage {
			return true
		}
		wanted := cloud.ImageName(image)
		for name := range strings.FieldsSeq(string(text)) {
			if cloud.ImageName(name) == wanted {
				return true
			}
		}
		return false
	}, nil
}
