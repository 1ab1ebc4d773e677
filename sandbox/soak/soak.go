// Package soak strikes updates of a stack at random moments, and sees that the next ones end as an undisturbed one would have.
package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// Options say how much is struck.
type Options struct {
	Stack string
	// Machines is their kind, "light" or "real"; empty means those that the sandbox has.
	Machines string
	// Seed decides every moment: the same one strikes at the same moments again.
	Seed uint64
	// Kills is how many updates are struck: one in five by a kill of its plugins, one in five by one of the world, else pulumi.
	Kills int
	// Each is how many of them strike one after the other before what they left has to be brought to its end, and the stack is
	// destroyed for the next.
	Each int
	// Program is the sandbox's own executable, Out where it is told what happens.
	Program string
	Out     io.Writer
}

// victim is what a kill strikes.
type victim string

const (
	pulumi  victim = "pulumi"
	plugins victim = "the plugins"
	all     victim = "the world"
)

// recovered is how many updates may be needed after a kill.
const recovered = 2

// soak is one run.
type soak struct {
	Options
	workspace *workspace.Workspace
	random    *rand.Rand
	// undisturbed is what there is after an update that nothing struck, and how many steps that said.
	undisturbed inventory
	steps       int
}

// Run strikes as many updates as the options say. What there is of the stack is destroyed before and in the end.
func Run(ctx context.Context, w *workspace.Workspace, options Options) error {
	s := &soak{Options: options, workspace: w, random: rand.New(rand.NewPCG(options.Seed, 0))}
	s.say("seed %d: %d kills, %d before each recovery", s.Seed, s.Kills, s.Each)
	if err := s.learn(ctx); err != nil {
		return err
	}
	struck := 0
	for struck < s.Kills {
		for each, whole := 0, false; each < s.Each && struck < s.Kills && !whole; each++ {
			struck++
			var err error
			if whole, err = s.strike(ctx, struck); err != nil {
				return err
			}
		}
		if err := s.recover(ctx); err != nil {
			return fmt.Errorf("seed %d, after kill %d: %w", s.Seed, struck, err)
		}
		if _, err := s.sandbox(ctx, "destroy", s.Stack); err != nil {
			return err
		}
	}
	s.say("%d kills, and each time the stack came to its end", struck)
	return nil
}

// learn makes the stack once without a disturbance.
func (s *soak) learn(ctx context.Context) error {
	if _, err := os.Stat(s.workspace.Checkpoint(s.Stack)); err == nil {
		if err := s.free(ctx); err != nil {
			return err
		}
		if _, err := s.sandbox(ctx, "destroy", s.Stack); err != nil {
			return err
		}
	}
	start := time.Now()
	arguments := []string{"up", s.Stack}
	if s.Machines != "" {
		arguments = append(arguments, "--machines", s.Machines)
	}
	output, err := s.sandbox(ctx, arguments...)
	if err != nil {
		return err
	}
	took := time.Since(start)
	s.steps = steps(output)
	if s.undisturbed, err = s.settled(ctx); err != nil {
		return err
	}
	s.say("an undisturbed up took %s, said %d steps and made %d things", took.Round(time.Second), s.steps, len(s.undisturbed))
	_, err = s.sandbox(ctx, "destroy", s.Stack)
	return err
}

// strike begins an update and kills something of it, unless the update is whole before.
func (s *soak) strike(ctx context.Context, number int) (whole bool, err error) {
	struck := pulumi
	switch number % 5 {
	case 2:
		struck = plugins
	case 4:
		struck = all
	}
	// Several kills in a row each come the sooner: so the last ones, too, find something under way.
	moment := s.random.IntN(max(2*s.steps/max(s.Each, 2), 1))
	after := time.Duration(s.random.Int64N(int64(longStep)))
	if err := world.Ensure(ctx, s.workspace, s.Program); err != nil {
		return false, err
	}
	if err := s.free(ctx); err != nil {
		return false, err
	}
	output := &watched{}
	cmd := s.command(ctx, "pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--suppress-outputs")
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = time.Second // plugins outlive a pulumi that is killed, and hold its output open
	if err := cmd.Start(); err != nil {
		return false, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if failure, done := output.reach(moment, after, ended); done {
		how := "well"
		if failure != nil {
			how = "badly: " + last(output.String())
		}
		s.say("kill %d: the update ended before step %d, %s", number, moment, how)
		return failure == nil, nil
	}
	said := last(output.String())
	if err := s.kill(ctx, cmd, struck); err != nil {
		return false, err
	}
	select { // an update whose plugins or world are gone may end by itself
	case <-ended:
	case <-time.After(endsItself):
		_ = cmd.Process.Kill()
		<-ended
	}
	s.say("kill %d: %s, %s after step %d, when it had said: %s", number, struck, after.Round(time.Millisecond), moment, said)
	return false, nil
}

// longStep is how long after a step a kill comes at most.
const longStep = 3 * time.Second

// endsItself is how long an update may take that has lost its plugins or its world. Then it is killed as well.
const endsItself = 20 * time.Second

func (s *soak) kill(ctx context.Context, cmd *exec.Cmd, struck victim) error {
	switch struck {
	case plugins:
		world.EndPlugins(s.workspace)
	case all:
		status, err := world.Ask(ctx, s.workspace)
		if err != nil {
			return err
		}
		if err := syscall.Kill(status.PID, syscall.SIGKILL); err != nil {
			return err
		}
		return world.Ensure(ctx, s.workspace, s.Program)
	default:
		return cmd.Process.Kill()
	}
	return nil
}

// free does what a user does after a kill: nothing of it runs any more, and the lock goes.
func (s *soak) free(ctx context.Context) error {
	world.EndLeftovers(s.workspace)
	if _, err := s.workspace.MendCheckpoint(s.Stack); err != nil {
		return err
	}
	if s.workspace.CheckLock(s.Stack) == nil {
		return nil
	}
	output, err := s.command(ctx, "pulumi", "cancel", "--yes").CombinedOutput()
	if err != nil {
		return fmt.Errorf("pulumi cancel: %w\n%s", err, output)
	}
	return nil
}

// recover brings to its end what the kills left, and compares.
func (s *soak) recover(ctx context.Context) error {
	if err := s.free(ctx); err != nil {
		return err
	}
	start := time.Now()
	var failure error
	ups := 0
	for ups < recovered {
		ups++
		if _, failure = s.sandbox(ctx, "up", s.Stack); failure == nil {
			break
		}
	}
	if failure != nil {
		return fmt.Errorf("%d ups do not bring it to its end: %w", ups, failure)
	}
	output, err := s.sandbox(ctx, "up", s.Stack, "--expect-no-changes")
	if err != nil {
		return fmt.Errorf("there is still something to change: %w", err)
	}
	if strings.Contains(output, "warning:") {
		return fmt.Errorf("there is still something to warn of:\n%s", output)
	}
	took := time.Since(start)
	if err := s.same(ctx); err != nil {
		return err
	}
	s.say("recovered by %d up(s) in %s: all is there once", ups, took.Round(time.Second))
	return nil
}

// settled is what there is once it stays the same for a while: what operators make comes after an update.
func (s *soak) settled(ctx context.Context) (inventory, error) {
	var before inventory
	for {
		found, err := s.take(ctx)
		if err != nil || maps.Equal(found, before) {
			return found, err
		}
		before = found
		if err := pause(ctx, settles); err != nil {
			return nil, err
		}
	}
}

// same waits until there is what an undisturbed update makes.
func (s *soak) same(ctx context.Context) error {
	for deadline := time.Now().Add(6 * settles); ; {
		found, err := s.take(ctx)
		if err != nil {
			return err
		}
		difference := cmp.Diff(s.undisturbed, found)
		if difference == "" {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("an undisturbed up makes something else (-), this is what there is (+):\n%s", difference)
		}
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
}

// settles is how long operators may take for their next thing.
const settles = 10 * time.Second

func pause(ctx context.Context, length time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(length):
		return nil
	}
}

// sandbox runs a command of the sandbox. An error holds what it printed.
func (s *soak) sandbox(ctx context.Context, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.Program, arguments...)
	cmd.Dir = s.workspace.Root
	output, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("sandbox %s: %w\n%s", strings.Join(arguments, " "), err, output)
	}
	return string(output), err
}

// command is a program with the environment of `sandbox env`.
func (s *soak) command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.workspace.Binary(name), arguments...)
	environ, err := s.workspace.Environ(s.Stack)
	cmd.Dir, cmd.Env, cmd.Err = s.workspace.Root, environ, errors.Join(cmd.Err, err)
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	return cmd
}

func (s *soak) say(format string, values ...any) { fmt.Fprintf(s.Out, format+"\n", values...) }
