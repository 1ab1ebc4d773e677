// Command kube is a whole Kubernetes control plane in one binary: which of its programs runs is decided by the name it is
// called by (a link named kubectl is kubectl) or else by its first argument. One binary, because the programs share
// most of their code: apart they would be five times as large to build, to keep and to map into memory.
//
// Build it with the arguments that controlplane.BuildArguments gives: the Kubernetes version is set at link time.
package main

import (
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"

	"github.com/iransre/exchange-platform/sandbox/cmd/internal/programs"
)

func main() {
	os.Exit(programs.ControlPlane.With(programs.Set{
		"etcd":  func() int { return cli.Run(newEtcdCommand()) },
		"cloud": func() int { return cli.Run(newCloudCommand()) },
	}).Run())
}

// newCommand is the shell shared by the programs that are ours.
func newCommand(use, short string, run func(*cobra.Command) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(command *cobra.Command, _ []string) error { return run(command) },
	}
}
