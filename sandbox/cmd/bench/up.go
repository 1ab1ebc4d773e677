package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// broughtUp is one `sandbox up demo`.
type broughtUp struct {
	// wall is the whole command, pulumi the part from pulumi's first event to its last.
	wall, pulumi time.Duration
	// chain is the time of the slowest sequence of resources in which each needs the one before, links its members.
	chain   time.Duration
	links   []link
	peakMiB int
}

// bringUp runs `sandbox up demo` and follows pulumi's events as they come.
func bringUp(ctx context.Context, w *workspace.Workspace) (*broughtUp, error) {
	// pulumi's own times are whole seconds; read from a pipe, each event can be timed when it comes
	pipe := w.Path("events")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		return nil, err
	}
	timed := make(chan *timeline, 1)
	go func() { timed <- follow(pipe) }()

	cmd := exec.CommandContext(ctx, w.Binary("sandbox"), "up", "demo", "--event-log", pipe)
	cmd.Dir = w.Root
	cmd.Env = append(os.Environ(), "PULUMI_DEBUG_COMMANDS=true") // which is what makes --event-log an option
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	command := world.WatchMemory(cmd.Process.Pid)
	daemon := watchWorld(ctx, w)
	err := cmd.Wait()
	wall := time.Since(begin)
	peak := command() + daemon()
	if err != nil {
		return nil, fmt.Errorf("sandbox up demo: %w\n%s", err, output.Bytes())
	}
	events := <-timed
	graph, err := dependencies(ctx, w)
	if err != nil {
		return nil, err
	}
	links, chain := longest(graph, events.durations)
	return &broughtUp{wall: wall, pulumi: events.last.Sub(events.first), chain: chain, links: links, peakMiB: peak}, nil
}

// watchWorld watches the memory of the world that the command is about to start.
func watchWorld(ctx context.Context, w *workspace.Workspace) (peak func() int) {
	for ctx.Err() == nil {
		if status, err := world.Ask(ctx, w); err == nil {
			return world.WatchMemory(status.PID)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return func() int { return 0 }
}

// timeline is when pulumi worked, and how long on each resource.
type timeline struct {
	first, last time.Time
	durations   map[string]time.Duration
}

// follow reads the events of one run from the pipe as they come.
func follow(pipe string) *timeline {
	times := &timeline{durations: map[string]time.Duration{}}
	file, err := os.Open(pipe)
	if err != nil {
		return times
	}
	defer file.Close()
	begun := map[string]time.Time{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		now := time.Now()
		if times.first.IsZero() {
			times.first = now
		}
		times.last = now
		var event apitype.EngineEvent
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			continue
		}
		switch {
		case event.ResourcePreEvent != nil:
			begun[event.ResourcePreEvent.Metadata.URN] = now
		case event.ResOutputsEvent != nil:
			urn := event.ResOutputsEvent.Metadata.URN
			// a component's time is that of its children
			if start, ok := begun[urn]; ok && event.ResOutputsEvent.Metadata.New != nil && event.ResOutputsEvent.Metadata.New.Custom {
				times.durations[urn] = now.Sub(start)
			}
		}
	}
	return times
}
