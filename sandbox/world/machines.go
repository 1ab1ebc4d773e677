package world

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// Action is something that is done to a machine on purpose.
type Action string

// The actions on a machine: see hosts.Disturbable for what each does.
const (
	Kill    Action = "kill"
	Start   Action = "start"
	Reboot  Action = "reboot"
	Cut     Action = "cut"
	Drop    Action = "drop"
	Restore Action = "restore"
	Slow    Action = "slow"
	Fill    Action = "fill"
	Free    Action = "free"
)

// disturbances says how each action is done. Slow alone needs to know more.
func disturbances(machines hosts.Disturbable) map[Action]func(ctx context.Context, name string, slowness hosts.Slowness) error {
	plain := func(do func(context.Context, string) error) func(context.Context, string, hosts.Slowness) error {
		return func(ctx context.Context, name string, _ hosts.Slowness) error { return do(ctx, name) }
	}
	return map[Action]func(context.Context, string, hosts.Slowness) error{
		Kill: plain(machines.Kill), Start: plain(machines.Start), Reboot: plain(machines.Reboot), Cut: plain(machines.Cut), Drop: plain(machines.Drop),
		Restore: plain(machines.Restore), Fill: plain(machines.Fill), Free: plain(machines.Free), Slow: machines.Slow,
	}
}

// handleMachines serves the machines on the control socket.
func handleMachines(mux *http.ServeMux, machines hosts.Disturbable) {
	mux.HandleFunc("GET /machines", func(response http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(response).Encode(machines.List())
	})
	known := disturbances(machines)
	mux.HandleFunc("POST /machines/{name}/{action}", func(response http.ResponseWriter, request *http.Request) {
		do := known[Action(request.PathValue("action"))]
		if do == nil {
			http.Error(response, "unknown action "+request.PathValue("action"), http.StatusNotFound)
			return
		}
		var slowness hosts.Slowness
		if err := json.NewDecoder(request.Body).Decode(&slowness); err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		// What was begun is done to the end, whether or not the asker is still there.
		if err := do(context.WithoutCancel(request.Context()), request.PathValue("name"), slowness); err != nil {
			http.Error(response, err.Error(), http.StatusUnprocessableEntity)
		}
	})
}

// Machines are the virtual machines of w's running world, sorted by name.
func Machines(ctx context.Context, w *workspace.Workspace) ([]hosts.Status, error) {
	var machines []hosts.Status
	err := control(ctx, w, http.MethodGet, "/machines", nil, &machines)
	return machines, err
}

// Disturb does something to a machine of w's running world and returns when it is done. Only Slow looks at slowness.
func Disturb(ctx context.Context, w *workspace.Workspace, name string, action Action, slowness hosts.Slowness) error {
	err := control(ctx, w, http.MethodPost, fmt.Sprintf("/machines/%s/%s", url.PathEscape(name), action), slowness, nil)
	if err != nil && !errors.Is(err, ErrNotRunning) {
		return fmt.Errorf("%s %s: %w", action, name, err)
	}
	return err
}

// control asks the world over its socket and decodes its answer into result, unless that is nil.
func control(ctx context.Context, w *workspace.Workspace, method, path string, body, result any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://world"+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	response, err := controlClient(w).Do(request)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return ErrNotRunning
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		var reason bytes.Buffer
		if _, err := reason.ReadFrom(response.Body); err != nil {
			return fmt.Errorf("the sandbox's answer: %w", err)
		}
		return errors.New(string(bytes.TrimSpace(reason.Bytes())))
	}
	if result == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(result); err != nil {
		return fmt.Errorf("the sandbox's answer: %w", err)
	}
	return nil
}
