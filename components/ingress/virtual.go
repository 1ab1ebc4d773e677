package ingress

// behindVirtualAddress is a Service by which kube-proxy brings what comes for the address to the controller on the same worker: from there
// the client is seen with its own address, and no worker without a ready controller is chosen to answer for it. No port of a machine leads
// to it then.
func behindVirtualAddress(args *Args) map[string]any {
	return map[string]any{
		"type":                  "LoadBalancer",
		"externalTrafficPolicy": "Local",
		// ports of every node's, which MetalLB has no use for, and at which nobody asks who comes
		"allocateLoadBalancerNodePorts": false,
		// no security group stands before the address; kube-proxy asks who comes
		"loadBalancerSourceRanges": args.AllowedSources,
	}
}

// askedOfMetalLB are the Service's annotations.
func askedOfMetalLB(args *Args) map[string]any {
	return map[string]any{"metallb.io/loadBalancerIPs": args.VirtualAddress}
}
