package controlplane

// KubernetesVersion is the version that the control plane says it has, and has.
const KubernetesVersion = "v1.35.4"

// BinaryPackage is the command that Options.Binary is built from.
const BinaryPackage = "github.com/iransre/exchange-platform/sandbox/cmd/kube"

// VersionFlags name the version, which Kubernetes' own build scripts set at link time and nothing else does: without them the API
// server reports v0.0.0 and every chart with a kubeVersion range refuses to install.
const VersionFlags = " -X k8s.io/component-base/version.gitVersion=" + KubernetesVersion +
	" -X k8s.io/component-base/version.gitMajor=1" +
	" -X k8s.io/component-base/version.gitMinor=35" +
	" -X k8s.io/component-base/version.gitTreeState=clean"

// BuildArguments are the arguments of the go command, run inside the sandbox module, that build Options.Binary into a file.
func BuildArguments(output string) []string {
	return []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w" + VersionFlags, "-o", output, BinaryPackage}
}
