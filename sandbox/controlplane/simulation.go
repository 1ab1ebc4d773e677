package controlplane

import "net/netip"

// What package cloud looks for on objects. The names are here and not there because those who set them, in nodes and in charts
// under test, should not have to link the simulation.
const (
	// SimulatedLabel, with the value "true", marks the nodes that are simulated. Others are left alone.
	SimulatedLabel = "exchange.sandbox/simulated"
	// simulated and silent are its values: of a node that is simulated, and of one whose kubelet is not heard.
	simulated, silent = "true", "silent"

	// FateAnnotation on a pod (in a workload: on its template) decides how the pod ends up: FateFail or FateStuck. It is how
	// tests rehearse a migration that fails or a rollout that hangs.
	FateAnnotation = "exchange.sandbox/fate"
	// FateFail makes a pod that should run to completion exit with status 1.
	FateFail = "fail"
	// FateStuck keeps a pod from ever starting.
	FateStuck = "stuck"

	// SimulatedNode is the name of the one simulated node beside real ones: see Beside.
	SimulatedNode = "simulated"
	// EveryImage in a list of images stands for all there are.
	EveryImage = "*"
	// UnavailableAnnotation names the images of a pod for whose want it is simulated.
	UnavailableAnnotation = "exchange.sandbox/unavailable-images"
)

// Beside says how pods that cannot run are simulated in a cluster whose nodes are real: on a node beside them.
type Beside struct {
	// Images is a file with the names of the images that can be had, one a line, without tags, or EveryImage. Pods that need another one are
	// simulated.
	Images string
	// Address is the host and port at which the API server asks about pods.
	Address string
	// LoadBalancerAddresses is the pool for Services of type LoadBalancer; without one, they are left to others.
	LoadBalancerAddresses []netip.Addr
}

// BesidePodCIDR is where the addresses of simulated pods beside real ones come from. Nobody has these: they lead nowhere, and are told
// apart at a glance.
const BesidePodCIDR = "198.51.100.0/24"

// Flags are those of BinaryPackage's program "cloud" that simulates beside the nodes of the cluster to which the kubeconfig leads.
func (b Beside) Flags(kubeconfig string) []string {
	return []string{
		"--kubeconfig=" + kubeconfig, "--pod-cidr=" + BesidePodCIDR, "--beside", "--images=" + b.Images, "--admission-address=" + b.Address,
		poolFlag(b.LoadBalancerAddresses),
	}
}
