package kube

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// The sandbox's tests of the Kubernetes plugin hold this package against a real cluster and Helm. Here is what they do not reach.

func kubeconfig(server string) string {
	return `{"current-context": "it", "contexts": [{"name": "it", "context": {"cluster": "it", "user": "admin"}}],
	"clusters": [{"name": "it", "cluster": {"server": "` + server + `/"}}], "users": [{"name": "admin", "user": {"token": "hunter2"}}]}`
}

func TestErrorsDoNotQuoteTheKubeconfig(t *testing.T) {
	for _, text := range []string{
		"users: [hunter2", "hunter2", kubeconfig(""),
		strings.Replace(kubeconfig("https://it.test"), `"token": "hunter2"`, `"client-certificate-data": "aHVudGVyMg==", "client-key-data": "aHVudGVyMg=="`, 1),
	} {
		_, err := New(text)
		assert.Assert(t, err != nil)
		assert.Assert(t, !strings.Contains(err.Error(), "hunter2"), err)
	}
}

func TestWhatTheClusterRefusesIsSaid(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		assert.Check(t, request.Header.Get("Authorization") == "Bearer hunter2")
		w.WriteHeader(http.StatusForbidden)
		assert.Check(t, json.NewEncoder(w).Encode(map[string]string{"message": "secrets is forbidden"}))
	}))
	defer server.Close()
	client, err := New(kubeconfig(server.URL))
	assert.NilError(t, err)
	recovery := &Recovery{Client: client}
	for _, err := range []error{
		recovery.BeforeInstall(t.Context(), "web", "shop"), recovery.BeforeUpgrade(t.Context(), "web", "shop"),
		recovery.BeforeCreate(t.Context(), Object{APIVersion: "v1", Kind: "Secret", Namespace: "web", Name: "shop"}),
	} {
		assert.ErrorContains(t, err, "the cluster answered 403: secrets is forbidden")
	}
}
