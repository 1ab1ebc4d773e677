package world

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// handleEtcd serves what can be done to the control plane's data on the control socket.
func handleEtcd(mux *http.ServeMux, cluster *cluster) {
	if cluster == nil {
		mux.HandleFunc("POST /etcd/{action}", func(response http.ResponseWriter, _ *http.Request) {
			http.Error(response, "etcd runs on the machines: do it there, as docs/etcd.md says", http.StatusUnprocessableEntity)
		})
		return
	}
	answer := func(response http.ResponseWriter, err error) {
		if err != nil {
			http.Error(response, err.Error(), http.StatusUnprocessableEntity)
		}
	}
	mux.HandleFunc("POST /etcd/lose", func(response http.ResponseWriter, request *http.Request) {
		// What was begun is done to the end, whether or not the asker is still there.
		answer(response, cluster.LoseEtcd(context.WithoutCancel(request.Context())))
	})
	mux.HandleFunc("POST /etcd/restore", func(response http.ResponseWriter, request *http.Request) {
		var snapshot string
		if err := json.NewDecoder(request.Body).Decode(&snapshot); err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		answer(response, cluster.RestoreEtcd(context.WithoutCancel(request.Context()), snapshot))
	})
}

// LoseEtcd stops the control plane of w's running world and takes the data of its etcd away.
func LoseEtcd(ctx context.Context, w *workspace.Workspace) error {
	return control(ctx, w, http.MethodPost, "/etcd/lose", nil, nil)
}

// RestoreEtcd makes the data of etcd out of the file of a snapshot and returns when the control plane runs with it.
func RestoreEtcd(ctx context.Context, w *workspace.Workspace, snapshot string) error {
	return control(ctx, w, http.MethodPost, "/etcd/restore", snapshot, nil)
}
