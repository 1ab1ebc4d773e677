package logging

import (
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// settingsScript brings Elasticsearch to what is promised of it, and keeps it there. The operator's own way, a StackConfigPolicy, takes
// Elastic's enterprise licence.
//
//go:embed settings.sh
var settingsScript string

// settle makes the pod that does so. It is ready, and whatever writes logs may begin, once Elasticsearch knows how they are to be kept.
func settle(
	ctx *pulumi.Context, name string, args *Args, made *chart.Installed, known logins, opts ...pulumi.ResourceOption,
) (*chart.Object, error) {
	image, err := chart.ImageOf(operatorEntry, elasticsearch) // for its shell and its curl
	if err != nil {
		return nil, err
	}
	env, err := settingsEnv(ctx.Stack(), &args.Config)
	if err != nil {
		return nil, fmt.Errorf("the settings of Elasticsearch: %w", err)
	}
	return args.Installer.Reconciler(ctx, name, &chart.ReconcilerArgs{
		Name: clusterName + "-settings", Namespace: made.Namespace.Name, Image: image, Script: settingsScript, Env: env,
		Secrets: map[string]chart.SecretKey{
			"AUTHORITY": {Secret: authoritySecret, Key: "ca.crt"}, "PASSWORD": {Secret: steward.secret(), Key: "password"},
		},
		Revision: chart.Revision(ctx, pulumi.StringMap{"steward": known[steward]}),
	}, opts...)
}

// settingsEnv is what the script is told.
func settingsEnv(stack string, config *Config) (map[string]string, error) {
	unmarked, err := documents(config, "")
	if err != nil {
		return nil, err
	}
	revision := fmt.Sprintf("%.8x", sha256.Sum256([]byte(unmarked)))
	marked, err := documents(config, revision)
	if err != nil {
		return nil, err
	}
	view, err := json.Marshal(map[string]any{"data_view": map[string]any{
		"id": dataView, "name": "Logs", "title": streams, "timeFieldName": "@timestamp", "allowNoIndex": true,
	}})
	if err != nil {
		return nil, err
	}
	env := map[string]string{
		"URL":    fmt.Sprintf("https://%s:%d", eckService, elasticsearchPort),
		"KIBANA": fmt.Sprintf("https://%s:%d", eckKibana, kibanaPort),
		"LOGIN":  string(steward), "PATTERN": streams, "MAX_BYTES": strconv.Itoa(config.MaxSizeGiB << 30),
		"DOCUMENTS": marked, "REVISION": revision, "VIEW": dataView, "VIEW_DOCUMENT": string(view),
		"REPOSITORY": "", "REPOSITORY_PARTS": "", "REPOSITORY_NAME": repositoryName, "SNAPSHOT_POLICY": snapshotPolicy,
	}
	if !config.Snapshots.Enabled {
		return env, nil
	}
	place := config.Snapshots.place(stack)
	repository, err := json.Marshal(map[string]any{"type": "s3", "settings": place})
	if err != nil {
		return nil, err
	}
	var parts []string
	for _, key := range placeKeys {
		parts = append(parts, fmt.Sprintf("%q:%q", key, place[key]))
	}
	env["REPOSITORY"], env["REPOSITORY_PARTS"] = string(repository), strings.Join(parts, " ")
	return env, nil
}

// documents are what Elasticsearch is told, each on a line after its path, with a mark by which it is found to be there already.
func documents(config *Config, revision string) (string, error) {
	mark := map[string]any{"revision": revision}
	all := []struct {
		path string
		body map[string]any
	}{
		{"_ilm/policy/" + lifecyclePolicy, map[string]any{"policy": map[string]any{"phases": phases(config), "_meta": mark}}},
		{"_index_template/" + lifecyclePolicy, map[string]any{
			"index_patterns": []string{streams}, "data_stream": map[string]any{}, "priority": 500, "template": template(config), "_meta": mark,
		}},
	}
	if config.Snapshots.Enabled {
		all = append(all, struct {
			path string
			body map[string]any
		}{"_slm/policy/" + snapshotPolicy, config.Snapshots.policy(mark)})
	}
	var lines []string
	for _, each := range all {
		body, err := json.Marshal(each.body)
		if err != nil {
			return "", err
		}
		lines = append(lines, each.path+" "+string(body))
	}
	return strings.Join(lines, "\n"), nil
}
