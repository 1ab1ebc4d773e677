package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// hostCommand disturbs virtual machines, to rehearse what happens to real ones.
func hostCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "host",
		Short: "List the virtual machines; kill, cut, slow or fill them to rehearse faults",
		Long: `List the virtual machines, or do to them what happens to real ones.

A machine is given by its name or ID as in "sandbox host list". What is done to it lasts until it is taken back,
also when the sandbox is stopped and started again. Neither the emulated cloud nor Pulumi is told.`,
		Example: `  ./scripts/sandbox host list
  ./scripts/sandbox host kill arvan-k8s-w1
  ./scripts/sandbox host slow arvan-k8s-m1 --delay 500ms --rate 64
  ./scripts/sandbox host restore arvan-k8s-m1`,
	}
	command.AddCommand(
		hostListCommand(),
		hostAction(world.Kill, "Take a machine's power away", `Take a machine's power away. All its processes are gone at once, its connections break and new ones are
refused. Its disk stays. Its node becomes NotReady and loses its pods after their tolerations (30 s in the sandbox).
It stays off until "host start", or until the cloud's API switches it on.`, "is off"),
		hostAction(world.Start, "Switch a machine on that is off", `Switch a machine on that is off. Services that were enabled start, those of systemd-run do not; the user
data is not run again; the boot ID is a new one. Its node becomes Ready.`, "is on"),
		hostAction(world.Reboot, "Switch a machine off and on", `Switch a machine off and on at once: "host kill" and "host start", too quickly for its node to be missed.`, "was rebooted"),
		hostAction(world.Cut, "Take a machine's network away", `Take a machine's network away. Its processes go on; connections over SSH and to its API server hang, new
ones get no answer. Its node becomes NotReady. What a process of a light machine connects to by itself outside the
sandbox's machines (charts, archives) is not cut.`, "is cut off"),
		hostAction(world.Drop, "Break the connections to a machine, once", `Break the connections to a machine from outside, once, as a firewall does that restarts: SSH sessions end, and what
they ran. New connections are made as before; those between the machines stay.`, "has lost the connections to it"),
		hostAction(world.Restore, "Give a machine its network back, at full speed", `Give a machine its network back, after "host cut" or "host slow". Connections that hung go on.`, "has its network back"),
		hostSlowCommand(),
		hostAction(world.Fill, "Fill a machine's disk", `Fill a machine's disk: whatever writes to a file below /etc/kubernetes, /etc/systemd/system, /home, /mnt, /opt,
/root, /srv, /tmp or /var gets "No space left on device". It is a real file system without a free block that is laid
over the real one, so files can still be read and deleted, and empty ones made; deleting makes no room, "host free" does.
A file that a process held open before, or its working directory, is not full for it. The disk of a real machine is
full altogether: deleting makes room there.`, "has a full disk"),
		hostAction(world.Free, "Make room on a machine's disk again", `Make room again on a disk that "host fill" filled.`, "has room on its disk"),
	)
	return command
}

// hostAction is a subcommand that does something to machines and then says how they are.
func hostAction(action world.Action, short, long, outcome string) *cobra.Command {
	return &cobra.Command{
		Use: string(action) + " NAME…", Short: short, Long: long, Args: hostNames,
		RunE: func(cmd *cobra.Command, names []string) error {
			return disturb(cmd, names, action, hosts.Slowness{}, outcome)
		},
	}
}

func hostSlowCommand() *cobra.Command {
	var delay time.Duration
	var rate int
	command := &cobra.Command{
		Use: string(world.Slow) + " NAME…", Short: "Make a machine's network slow", Args: hostNames,
		Long: `Make a machine's network slow: everything on its connections arrives later, and each of them carries only so much.
"host restore" takes it back. Between real machines packets are late only where the kernel has netem, and slow everywhere.`,
		RunE: func(cmd *cobra.Command, names []string) error {
			slowness := hosts.Slowness{Delay: delay, BytesPerSecond: rate * 1024}
			return disturb(cmd, names, world.Slow, slowness, "has a slow network: "+describe(slowness))
		},
	}
	command.Flags().DurationVar(&delay, "delay", 200*time.Millisecond, "how much later, each way")
	command.Flags().IntVar(&rate, "rate", 0, "KiB per second of each connection, each way; 0 is as fast as before")
	return command
}

func hostNames(_ *cobra.Command, names []string) error {
	if len(names) == 0 {
		return errors.New("which machine? `sandbox host list` shows them")
	}
	return nil
}

func disturb(cmd *cobra.Command, names []string, action world.Action, slowness hosts.Slowness, outcome string) error {
	w, err := workspace.Open()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := world.Disturb(cmd.Context(), w, name, action, slowness); err != nil {
			return explainNotRunning(err)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", name, outcome)
	}
	return nil
}

func explainNotRunning(err error) error {
	if errors.Is(err, world.ErrNotRunning) {
		return fmt.Errorf("%w; start it with: ./scripts/sandbox up demo", err)
	}
	return err
}

func hostListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the virtual machines and what was done to them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := workspace.Open()
			if err != nil {
				return err
			}
			machines, err := world.Machines(cmd.Context(), w)
			if err != nil {
				return explainNotRunning(err)
			}
			if len(machines) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "no machine: the cloud has no server")
				return nil
			}
			printMachines(cmd.OutOrStdout(), machines)
			return nil
		},
	}
}

func printMachines(out io.Writer, machines []hosts.Status) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MACHINE\tSSH\tPRIVATE\tPOWER\tNETWORK\tDISK\tMEMORY\tNODE")
	for _, machine := range machines {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", machine.Name, machine.SSH, strings.Join(machine.PrivateAddresses, ","),
			power(machine), network(machine.Faults), disk(machine.Faults), memory(machine), node(machine.Node))
	}
	table.Flush()
}

func power(machine hosts.Status) string {
	switch {
	case machine.Running:
		return "on"
	case machine.Faults.Killed:
		return "killed"
	default:
		return "off"
	}
}

func memory(machine hosts.Status) string {
	if machine.MemoryMiB == 0 {
		return ""
	}
	return fmt.Sprintf("%d MiB", machine.MemoryMiB)
}

func network(faults hosts.Faults) string {
	switch {
	case faults.Cut:
		return "cut"
	case faults.Slow != nil:
		return "slow: " + describe(*faults.Slow)
	default:
		return "up"
	}
}

func describe(slowness hosts.Slowness) string {
	var parts []string
	if slowness.Delay > 0 {
		parts = append(parts, fmt.Sprintf("%s late", slowness.Delay))
	}
	if slowness.BytesPerSecond > 0 {
		parts = append(parts, fmt.Sprintf("%d KiB/s", slowness.BytesPerSecond/1024))
	}
	return strings.Join(parts, ", ")
}

func disk(faults hosts.Faults) string {
	if faults.Full {
		return "full"
	}
	return "has room"
}

func node(node *hosts.Node) string {
	switch {
	case node == nil:
		return "none"
	case node.ControlPlane:
		return strings.TrimSpace("control plane " + node.Version)
	default:
		return strings.TrimSpace("worker " + node.Version)
	}
}
