// Package programs makes one binary of several programs, and holds those that are in more than one such binary: the real ones of
// Kubernetes and etcd.
package programs

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	_ "time/tzdata" // for the zones of CronJobs: an image has none

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

// Set maps the name of each program to what runs it and gives its exit status.
type Set map[string]func() int

// ControlPlane is what runs beside etcd on a machine of a control plane, and its clients.
var ControlPlane = Set{
	"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return cli.Run(controllermanager.NewControllerManagerCommand()) },
	"kube-scheduler":          func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
	"kubectl":                 kubectl,
	"etcdctl":                 etcdctl,
	"etcdutl":                 func() int { return cli.Run(newEtcdutlCommand()) },
}

// With adds programs to a copy of the set.
func (s Set) With(more Set) Set {
	all := maps.Clone(s)
	maps.Copy(all, more)
	return all
}

// Run runs the program by whose name the binary was called, or else the one that its first argument names.
func (s Set) Run() int {
	// etcdctl's package turns it on for all; nobody else expects `get` from `ge`.
	cobra.EnablePrefixMatching = false
	binary := filepath.Base(os.Args[0])
	name := binary
	if s[name] == nil && len(os.Args) > 1 {
		// The programs read os.Args themselves, so they have to look as if they had been called by their own name.
		name = os.Args[1]
		os.Args = append([]string{name}, os.Args[2:]...)
	}
	program := s[name]
	if program == nil {
		fmt.Fprintf(os.Stderr, "%s: no program %q; give one of %s as the first argument\n", binary, name, strings.Join(slices.Sorted(maps.Keys(s)), ", "))
		return 2
	}
	return program()
}

func kubectl() int {
	// kubectl logs while it builds its command (plugins, .kuberc), before flags are parsed.
	_, _ = logs.GlogSetter(cmd.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
	return 0
}
