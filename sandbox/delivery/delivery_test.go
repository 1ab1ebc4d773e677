package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/gitserver"
	"github.com/iransre/exchange-platform/sandbox/rehearsal"
)

const checkout = "../.."

// What is committed is what the documentation says: the chart with the platform's values, and one image by its digest.
func TestWhatIsCommitted(t *testing.T) {
	server := httptest.NewServer(gitserver.New(filepath.Join(t.TempDir(), "devops.git"), gitserver.Account{Name: "writer", Password: "w", MayPush: true}))
	defer server.Close()
	kubectl := filepath.Join(t.TempDir(), "kubectl") // which has the example's own values
	values, err := filepath.Abs(checkout + "/examples/Exchange-DevOps/overlays/demo/values.yaml")
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(kubectl, []byte("#!/bin/sh\nsed s/demo.iransre.ir/mine.iransre.ir/ "+values+"\n"), 0o700))
	d := &delivery{Options: Options{Cluster: rehearsal.Cluster{Kubectl: kubectl, Environ: os.Environ()}, Checkout: checkout}}
	remote := Remote{URL: server.URL + "/devops.git", Name: "writer", Password: "w", Branch: gitserver.Branch}

	watched := &application{}
	watched.Spec.Source.Path, watched.Spec.Source.TargetRevision = "overlays/demo", gitserver.Branch
	good, bad := version{"1.1.0", "sha256:" + strings.Repeat("a", 64)}, version{"1.2.0", "sha256:" + strings.Repeat("b", 64)}
	for range 2 { // a second rehearsal finds what the first one has left
		d.repository, err = clone(t.Context(), remote)
		assert.NilError(t, err)
		image, err := d.fill(t.Context(), watched)
		assert.NilError(t, err)
		assert.Equal(t, image, "ghcr.io/iransre/exchange")
		for _, each := range []version{good, bad} {
			_, err = d.repository.set(t.Context(), each.tag, image, each)
			assert.NilError(t, err)
		}
		pushed := func() string {
			read, err := clone(t.Context(), remote)
			assert.NilError(t, err)
			defer read.remove()
			app, err := os.ReadFile(filepath.Join(read.folder, "overlays/demo/app.yaml"))
			assert.NilError(t, err)
			assert.Assert(t, strings.Contains(string(app), "mine.iransre.ir"), "the platform's own values")
			text, err := os.ReadFile(filepath.Join(read.folder, "overlays/demo/version/kustomization.yaml"))
			assert.NilError(t, err)
			return string(text)
		}
		assert.Assert(t, strings.Contains(pushed(), bad.digest))
		_, err = d.repository.revert(t.Context())
		assert.NilError(t, err)
		assert.Assert(t, strings.Contains(pushed(), good.digest))
		d.repository.remove()
	}
	watched.Spec.Source.TargetRevision = "live"
	_, err = d.fill(t.Context(), watched)
	assert.ErrorContains(t, err, "watches the branch live")
}

func TestWhatArgoCDSays(t *testing.T) {
	const commit, before = "c0ffee", "decade"
	read := func(status string) *application {
		a := &application{}
		assert.NilError(t, json.Unmarshal([]byte(`{"status": `+status+`}`), a))
		return a
	}
	settled := read(`{"sync": {"status": "Synced", "revision": "c0ffee"}, "health": {"status": "Healthy"}, "operationState": {"phase": "Succeeded"}}`)
	assert.Equal(t, settled.unsettled(commit), "")
	assert.Assert(t, strings.Contains(settled.unsettled(before), "Synced"))
	unreachable := read(`{"sync": {"status": "Unknown"}, "conditions": [{"type": "ComparisonError", "message": "authentication required"}]}`)
	assert.Assert(t, strings.Contains(unreachable.unsettled(commit), "ComparisonError: authentication required"))

	failed := read(`{"operationState": {"phase": "Running", "message": "one or more synchronization tasks completed unsuccessfully, retrying", "syncResult": {"revision": "c0ffee",
		"resources": [{"kind": "Job", "name": "exchange-migrations", "hookPhase": "Failed", "message": "Job has reached the specified backoff limit"}]}}}`)
	said, amiss := failed.stopped(commit)
	assert.Equal(t, amiss, "")
	assert.Assert(t, strings.Contains(said, "exchange-migrations: Job has reached the specified backoff limit"), said)
	_, amiss = failed.stopped(before)
	assert.Assert(t, amiss != "")
}

func TestAVersionSaysOnItsPageWhichOneItIs(t *testing.T) {
	pushed := map[string]map[string]string{}
	d := &delivery{Options: Options{Checkout: checkout, Release: func(_, tag string, files map[string]string) (string, error) {
		pushed[tag] = files
		return "sha256:" + tag, nil
	}}}
	versions, err := d.release()
	assert.NilError(t, err)
	assert.Equal(t, len(versions), 3)
	for _, each := range versions {
		assert.Equal(t, releaseOf(pushed[each.tag][app+"/"+template]), each.tag)
	}
	assert.Equal(t, releaseOf("<html>"), "")
}

func TestAVisitorCountsWhatIsNotServed(t *testing.T) {
	pages, asked := make(chan string), 0
	w := watch(t.Context(), time.Millisecond, func(ctx context.Context) (string, error) {
		asked++
		if asked == 2 {
			return "", errors.New("502 Bad Gateway")
		}
		select {
		case page := <-pages:
			return page, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
	pages <- `<meta name="release" content="1.0.1">`
	pages <- `<meta name="release" content="1.1.0">`
	pages <- `<meta name="release" content="1.1.0">`
	seen := w.end()
	assert.Equal(t, seen.failed, 1)
	assert.ErrorContains(t, seen.err, "502")
	assert.Equal(t, w.last(), "1.1.0")
}
