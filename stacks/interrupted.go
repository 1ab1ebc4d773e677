package stacks

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/kube"
)

// lookTimeout bounds the look at the last update's cluster, which may be gone.
const lookTimeout = 5 * time.Second

// newRecovery is what the installer needs to go on after an update that was interrupted.
func newRecovery(ctx *pulumi.Context, last *memory, kubeconfig pulumi.StringOutput) *chart.Recovery {
	last.lookForBusy(ctx.Context())
	machine := last.machine
	return &chart.Recovery{Kubeconfig: kubeconfig, Left: last.releases, Leftover: func() string { return leftover(machine) }}
}

// lookForBusy notes which releases of the state Helm takes for such that somebody works on: in the state they may look as wanted,
// and a preview must show that something is done about them. If the cluster cannot be asked, whatever is done to it will say so in
// better words.
func (m *memory) lookForBusy(ctx context.Context) {
	if m.kubeconfig == "" {
		return
	}
	client, err := kube.New(m.kubeconfig)
	if err != nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	records, _ := client.Busy(limited)
	for _, record := range records {
		if name, known := m.releaseNames[record.Namespace+"/"+record.Release]; known {
			release := m.releases[name]
			release.Busy, release.Revision = record.Status, record.Revision
			m.releases[name] = release
		}
	}
}

// thisMachine tells the machine that runs Pulumi from others. Many are called the same; Linux has a number for each, of which
// only a digest may get about.
func thisMachine() string {
	name, _ := os.Hostname() // without one, it passes for another machine
	number, err := os.ReadFile("/etc/machine-id")
	if name == "" || err != nil || len(number) == 0 {
		return name
	}
	digest := sha256.Sum256(append([]byte("exchange-platform "), number...))
	return fmt.Sprintf("%s (%x)", name, digest[:4])
}

// plugin is the process that works on the cluster.
const plugin = "pulumi-resource-kubernetes"

// leftover says what an interrupted update of this stack may have left running. A plugin lives on without its pulumi: it ends
// what it is at, and itself only minutes later. The state's lock says that no other update runs.
func leftover(machine string) string {
	if machine == "" || machine != thisMachine() {
		if machine == "" {
			machine = "another machine"
		}
		return fmt.Sprintf("something of it may still run on %s", machine)
	}
	list, err := exec.Command("ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "args=").Output()
	if err != nil {
		return "something of it may still run here (there is no `ps` to look for it)"
	}
	if pid := orphan(string(list), worksHere); pid != "" {
		return fmt.Sprintf("a plugin without its pulumi still runs in this folder (process %[1]s; if it is this stack's, `kill %[1]s` ends it)", pid)
	}
	return ""
}

// worksHere says whether a process runs in this project's folder, as Pulumi starts its plugins; others are those of other
// checkouts. Where that cannot be told, it may be one of ours.
func worksHere(pid string) bool {
	own, err := os.Getwd()
	folder, unknown := os.Readlink("/proc/" + pid + "/cwd")
	return err != nil || unknown != nil || folder == own
}

// orphan is the number of a Kubernetes plugin of ours whose pulumi is gone; empty if there is none. Each line is that of a
// process: its number, its parent's, its command line.
func orphan(processes string, ours func(pid string) bool) string {
	programs, parents := map[string]string{}, map[string]string{}
	for line := range strings.Lines(processes) {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			continue
		}
		programs[fields[0]] = filepath.Base(fields[2])
		parents[fields[0]] = fields[1]
	}
	for pid, program := range programs {
		if program == plugin && programs[parents[pid]] != "pulumi" && ours(pid) {
			return pid
		}
	}
	return ""
}
