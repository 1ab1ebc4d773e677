// Command kube is a whole Kubernetes control plane in one binary: which of its programs runs is decided by the name it is
// called by (a link named kubectl is kubectl) or else by its first argument. One binary, because the programs share
// most of their code: apart they would be five times as large to build, to keep and to map into memory.
//
// Build it with the arguments that controlplane.BuildArguments gives: the Kubernetes version is set at link time.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/metrics/prometheus/version" // kubernetes_build_info
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// programs maps the name of each program to what runs it and gives its exit status.
var programs = map[string]func() int{
	"etcd":                    func() int { return cli.Run(newEtcdCommand()) },
	"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return cli.Run(controllermanager.NewControllerManagerCommand()) },
	"kube-scheduler":          func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
	"cloud":                   func() int { return cli.Run(newCloudCommand()) },
	"kubectl":                 runKubectl,
	"etcdctl":                 runEtcdctl,
	"etcdutl":                 func() int { return cli.Run(newEtcdutlCommand()) },
}

func main() {
	// etcdctl's package turns it on for all; nobody else expects `get` from `ge`.
	cobra.EnablePrefixMatching = false
	name := filepath.Base(os.Args[0])
	if _, known := programs[name]; !known && len(os.Args) > 1 {
		// The programs read os.Args themselves, so they have to look as if they had been called by their own name.
		name = os.Args[1]
		os.Args = append([]string{name}, os.Args[2:]...)
	}
	program, known := programs[name]
	if !known {
		fmt.Fprintf(os.Stderr, "kube: no program %q; give one of %s as the first argument\n", name, strings.Join(names(), ", "))
		os.Exit(2)
	}
	os.Exit(program())
}

func names() []string {
	all := make([]string, 0, len(programs))
	for name := range programs {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func runKubectl() int {
	// kubectl logs while it builds its command (plugins, .kuberc), before flags are parsed.
	_, _ = logs.GlogSetter(cmd.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
	return 0
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
