package controlplane

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
)
