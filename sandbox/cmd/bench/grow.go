package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/growth"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// grow adds a worker to clusters of several sizes and fails if Ansible touched any other node.
func grow(ctx context.Context, w *workspace.Workspace) error {
	fmt.Println("adding a worker to clusters of 10, 50 and 100 nodes (the real Ansible on that many machines; some minutes) …")
	fmt.Println("           ------------------ Ansible tasks run ------------------")
	fmt.Println("    nodes  on the worker  for it, on m1  facts of others  elsewhere   facts.yml  scale.yml  memory")
	prefix := strings.TrimSuffix(w.Address(0).String(), ".0")
	for _, nodes := range []int{10, 50, 100} {
		dir := w.Path("growth")
		peak := world.WatchMemory(os.Getpid())
		result, err := growth.AddWorker(ctx, growth.Options{Dir: dir, Prefix: prefix, GuestBinary: w.Binary("guest"), Nodes: nodes})
		memory := peak()
		if removed := os.RemoveAll(dir); err == nil {
			err = removed
		}
		if err != nil {
			return fmt.Errorf("a worker for %d nodes: %w", nodes, err)
		}
		tally, took := result.Tally(), map[string]time.Duration{}
		for _, phase := range result.Phases {
			took[phase.Playbook] = phase.Duration
		}
		fmt.Printf("    %5d  %13d  %13d  %15d  %9d  %10s  %9s  %s\n", nodes, tally.Worker, tally.ForWorker, tally.Facts, tally.Elsewhere,
			seconds(took["playbooks/facts.yml"]), seconds(took["scale.yml"]), mib(memory))
		if tally.Elsewhere > 0 {
			return fmt.Errorf("adding a worker to %d nodes touched others:\n%s", nodes, result.Log)
		}
	}
	return nil
}
