package review_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/golden"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/policy"
	"github.com/iransre/exchange-platform/internal/review"
	"github.com/iransre/exchange-platform/internal/review/recorded"
)

const root = "../.."

func rules(t *testing.T) *review.Rules {
	t.Helper()
	found, err := review.Default()
	assert.NilError(t, err)
	return found
}

// read is the review of a recorded preview.
func read(t *testing.T, change recorded.Change) *review.Review {
	t.Helper()
	file, err := os.Open(change.Preview(root))
	assert.NilError(t, err)
	defer file.Close()
	preview, err := review.Read(file)
	assert.NilError(t, err)
	return rules(t).Make(change.Stack(), preview, review.Source{Commit: "0123456789ab", State: "the state of " + change.State})
}

// Each recorded preview has the comment that a person has read, and in its first line what they said is the worst.
func TestComments(t *testing.T) {
	changes, err := recorded.Read(root)
	assert.NilError(t, err)
	assert.Assert(t, len(changes) >= 20)
	for _, change := range changes {
		t.Run(change.Name, func(t *testing.T) {
			made := read(t, change)
			assert.Check(t, change.Judge(made))
			golden.Assert(t, made.Comment(), filepath.Join("comments", change.Name+".md"))
		})
	}
}

// made judges one step that is written down here.
func judge(t *testing.T, step review.Step) review.Finding {
	t.Helper()
	made := rules(t).Make("prod", &review.Preview{Steps: []review.Step{step}}, review.Source{})
	assert.Equal(t, len(made.Findings), 1)
	return made.Findings[0]
}

func step(op, token, name string, before, after map[string]any) review.Step {
	made := review.Step{Op: op, URN: "urn:pulumi:prod::exchange-platform::" + token + "::" + name}
	side := func(inputs map[string]any) *review.Resource {
		if inputs == nil {
			return nil
		}
		return &review.Resource{Type: token, Custom: true, Inputs: inputs}
	}
	made.Old, made.New = side(before), side(after)
	for key := range before {
		if after != nil {
			made.DiffReasons = append(made.DiffReasons, key)
		}
	}
	return made
}

// What no recorded state has is judged from steps written down here.
func TestRanks(t *testing.T) {
	const (
		database = "kubernetes:postgresql.cnpg.io/v1:Cluster"
		release  = "kubernetes:helm.sh/v3:Release"
		firewall = "arvancloud:iaas:SecurityGroup"
		volume   = "arvancloud:storage:Volume"
		page     = "kubernetes:networking.k8s.io/v1:Ingress"
	)
	annotated := func(name, value string) map[string]any {
		return map[string]any{"metadata": map[string]any{"annotations": map[string]any{"nginx.ingress.kubernetes.io/" + name: value}}}
	}
	ranges := func(cidrs string) map[string]any { return annotated("whitelist-source-range", cidrs) }
	spec := func(keys ...any) map[string]any {
		inner := map[string]any{}
		for i := 0; i < len(keys); i += 2 {
			inner[keys[i].(string)] = keys[i+1]
		}
		return map[string]any{"spec": inner}
	}
	size := func(size string) any { return map[string]any{"size": size} }
	for _, test := range []struct {
		name string
		step review.Step
		rank string
	}{
		{"a database goes", step("delete", database, "postgres-cluster", spec(), nil), "data"},
		{"a database grows", step("update", database, "postgres-cluster", spec("storage", size("5Gi")), spec("storage", size("20Gi"))), "rest"},
		{"a database shrinks", step("update", database, "postgres-cluster", spec("storage", size("1Ti")), spec("storage", size("200Gi"))), "data"},
		{"a copy of it goes", step("update", database, "postgres-cluster", spec("instances", 3.0), spec("instances", 2.0)), "quorum"},
		{"no copy is waited for", step("update", database, "postgres-cluster", spec("postgresql", map[string]any{"synchronous": map[string]any{"number": 1.0}}), spec("postgresql", map[string]any{})), "quorum"},
		{"its log goes nowhere", step("update", database, "postgres-cluster", spec("plugins", []any{map[string]any{"name": "barman"}}), spec("plugins", []any{})), "data"},
		{"more memory for it", step("update", database, "postgres-cluster", spec("resources", "1"), spec("resources", "2")), "restart"},
		{"no backups any more", step("delete", "kubernetes:postgresql.cnpg.io/v1:ScheduledBackup", "postgres-backups", spec(), nil), "data"},
		{"files are copied no more", step("delete", "kubernetes:batch/v1:CronJob", "objectstore-copy-schedule", spec(), nil), "data"},
		{"files are copied at another hour", step("update", "kubernetes:batch/v1:CronJob", "objectstore-copy-schedule", spec("schedule", "15 0 * * *"), spec("schedule", "15 1 * * *")), "rest"},
		{"its operator goes", step("delete", release, "postgres-operator-release", map[string]any{}, nil), "data"},
		{"a namespace goes", step("delete", "kubernetes:core/v1:Namespace", "postgres-namespace", map[string]any{}, nil), "data"},
		{"a bucket goes", step("update", release, "objectstore-release",
			map[string]any{"values": map[string]any{"buckets": []any{"static"}}}, map[string]any{"values": map[string]any{}}), "data"},
		{"files are kept no more", step("update", release, "objectstore-release",
			map[string]any{"values": map[string]any{"persistence": map[string]any{"enabled": true}}},
			map[string]any{"values": map[string]any{"persistence": map[string]any{"enabled": false}}}), "data"},
		{"a newer chart", step("update", release, "ingress-release", map[string]any{"version": "4.1.0"}, map[string]any{"version": "4.2.0"}), "restart"},
		{"another ingress controller", step("update", release, "ingress-release", map[string]any{"chart": "ingress-nginx"}, map[string]any{"chart": "traefik"}), "network"},
		{"who does not say the key gets in", step("update", release, "ingress-release",
			map[string]any{"values": map[string]any{"ports": map[string]any{"websecure": map[string]any{"http": map[string]any{"middlewares": []any{"key-taken-off@file"}}}}}},
			map[string]any{"values": map[string]any{"ports": map[string]any{"websecure": map[string]any{}}}}), "exposure"},
		{"a volume goes", step("delete", volume, "arvan-prod-w1-data", map[string]any{}, nil), "data"},
		{"a firewall that is new and open", step("create", firewall, "prod-new", nil,
			map[string]any{"rules": []any{map[string]any{"cidrs": []any{"10.0.0.0/8", "::/0"}}}}), "exposure"},
		{"a firewall that is new", step("create", firewall, "prod-new", nil, map[string]any{"rules": []any{map[string]any{"cidrs": []any{"10.0.0.0/8"}}}}), "rest"},
		{"half of the world", step("update", firewall, "prod-bastion",
			map[string]any{"rules": []any{map[string]any{"cidrs": []any{"192.0.2.0/24"}}}},
			map[string]any{"rules": []any{map[string]any{"cidrs": []any{"192.0.2.0/24", "128.0.0.0/1"}}}}), "exposure"},
		{"a page that is new", step("create", page, "pages-grafana", nil, ranges("203.0.113.0/24")), "exposure"},
		{"a page from more places", step("update", page, "pages-grafana", ranges("203.0.113.0/24"), ranges("203.0.113.0/24,198.51.100.0/24")), "exposure"},
		{"a page without a login", step("update", page, "pages-prometheus", annotated("auth-type", "basic"), annotated("whitelist-source-range", "203.0.113.0/24")), "exposure"},
		{"a page of another name", step("update", page, "pages-grafana", spec("rules", []any{map[string]any{"host": "a"}}), spec("rules", []any{map[string]any{"host": "b"}})), "network"},
		{"a page that goes", step("delete", page, "pages-grafana", ranges("203.0.113.0/24"), nil), "network"},
		{"something that nobody has spoken of", step("delete", "acme:index:Vault", "keys", map[string]any{}, nil), "data"},
		{"a word of the engine's that is new", step("evaporate", volume, "arvan-prod-w1-data", map[string]any{}, map[string]any{}), "data"},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := judge(t, test.step)
			assert.Equal(t, found.Rank.Name, test.rank, "%v", found.Says)
		})
	}
}

// A volume that stays in the cloud is not lost, and costs what it did.
func TestWhatStaysIsNotLost(t *testing.T) {
	left := step("delete", "arvancloud:storage:Volume", "arvan-prod-w1-data", map[string]any{}, nil)
	left.Old.RetainOnDelete = true
	left.Old.Outputs = map[string]any{"pricePerMonth": 1000.0}
	found := judge(t, left)
	assert.Equal(t, found.Op, review.Leave)
	assert.Equal(t, found.Rank.Name, "restart")
	assert.Equal(t, found.Rials, 0.0)
	assert.Assert(t, found.Data)
}

// Every type that the program has made or may make has a rule for whatever happens to it.
func TestEveryTypeHasARule(t *testing.T) {
	types := map[string]string{}
	states, err := filepath.Glob(filepath.Join(root, "stacks/testdata/states/*.json"))
	assert.NilError(t, err)
	for _, path := range states {
		text, err := os.ReadFile(path)
		assert.NilError(t, err)
		var state struct {
			Deployment struct {
				Resources []struct {
					URN, Type string
					Custom    bool
				}
			}
		}
		assert.NilError(t, json.Unmarshal(text, &state))
		for _, each := range state.Deployment.Resources {
			if each.Custom && each.Type != "pulumi:pulumi:StackReference" {
				types[each.Type] = each.URN[strings.LastIndex(each.URN, "::")+2:]
			}
		}
	}
	graphs, err := filepath.Glob(filepath.Join(root, "components/*/testdata/*graph*"))
	assert.NilError(t, err)
	graphs = append(graphs, filepath.Join(root, "stacks/testdata/prod.graph.txt"))
	declared := regexp.MustCompile(`(?m)^((?:arvancloud|kubernetes|command|random|pulumi):\S+) (\S+)`)
	for _, path := range graphs {
		text, err := os.ReadFile(path)
		assert.NilError(t, err)
		for _, found := range declared.FindAllStringSubmatch(string(text), -1) {
			types[found[1]] = found[2]
		}
	}
	sdk, err := filepath.Glob(filepath.Join(root, "sdks/arvancloud/*/*.go"))
	assert.NilError(t, err)
	registered := regexp.MustCompile(`"(arvancloud:[a-z]+:[A-Z]\w+)"`)
	for _, path := range sdk {
		text, err := os.ReadFile(path)
		assert.NilError(t, err)
		for _, found := range registered.FindAllStringSubmatch(string(text), -1) {
			types[found[1]] = "any"
		}
	}
	assert.Assert(t, len(types) > 30, "%v", types)
	for token, name := range types {
		for _, op := range []string{"create", "update", "replace", "delete", "import"} {
			for _, retained := range []bool{false, true} {
				tried := step(op, token, name, map[string]any{"some": 1.0}, map[string]any{"some": 2.0})
				tried.Old.RetainOnDelete = retained
				for _, says := range judge(t, tried).Says {
					assert.Check(t, !strings.Contains(says, "nobody has said"), "%s of %s", op, token)
				}
			}
		}
	}
}

// What stands in names, values and messages stays text: no markdown, no tag, nobody is called.
func TestTextStaysText(t *testing.T) {
	odd := step("update", "arvancloud:storage:Volume", "x` <img src=x> @everyone", map[string]any{"description": "a"}, map[string]any{"description": "`\n</details> @all"})
	made := rules(t).Make("prod", &review.Preview{
		Steps: []review.Step{odd},
		Diagnostics: []review.Diagnostic{
			{Severity: "warning", Message: "warning: <script> @team [x](y)"},
			{Severity: "info", Message: "info: plan for cluster prod: ```\n# heading"},
		},
	}, review.Source{})
	comment := made.Comment()
	assert.Check(t, is.Contains(comment, "`x' <img src=x> @everyone`"))
	assert.Check(t, is.Contains(comment, "`' </details> @all`"))
	assert.Check(t, is.Contains(comment, `&lt;script&gt; &#64;team \[x](y)`))
	assert.Check(t, is.Contains(comment, "plan for cluster prod: '''"))
}

// What breaks a rule of the policy stands by itself, as the program says it.
func TestThePolicyStandsByItself(t *testing.T) {
	breach := policy.Breach{Rule: policy.Rule{Name: "protection", Says: "nothing keeps it"}, Path: field.NewPath("protect"), Value: false, Level: policy.Warned}
	comment := rules(t).Make("prod", &review.Preview{Diagnostics: []review.Diagnostic{
		{Severity: "warning", Message: "warning: " + breach.Warning() + "\n"}, {Severity: "warning", Message: "warning: something else"},
	}}, review.Source{}).Comment()
	assert.Check(t, is.Contains(comment, "#### Policy\n\n- protection: protect is false: nothing keeps it\n\n#### Warnings\n\n- something else\n"))
}

// A value that somebody forgot to mark as secret is not shown where its name says what it is.
func TestPasswordsAreNotShown(t *testing.T) {
	found := step("update", "kubernetes:helm.sh/v3:Release", "logging-kibana",
		map[string]any{"values": map[string]any{"auth": map[string]any{"adminPassword": "old-one"}}},
		map[string]any{"values": map[string]any{"auth": map[string]any{"adminPassword": "new-one"}}})
	comment := rules(t).Make("prod", &review.Preview{Steps: []review.Step{found}}, review.Source{}).Comment()
	assert.Check(t, is.Contains(comment, "`values.auth.adminPassword` changes"))
	assert.Check(t, !strings.Contains(comment, "-one"), comment)
}

// However much changes, the comment fits and has all that is worse than the rest.
func TestALargeReviewFits(t *testing.T) {
	preview := &review.Preview{}
	for i := range 3000 {
		preview.Steps = append(preview.Steps, step("create", "kubernetes:core/v1:ConfigMap", fmt.Sprintf("object-of-a-long-name-%d", i), nil, map[string]any{}))
	}
	for i := range 20 {
		preview.Steps = append(preview.Steps, step("delete", "arvancloud:storage:Volume", fmt.Sprintf("volume-%d", i), map[string]any{}, nil))
	}
	comment := rules(t).Make("prod", preview, review.Source{}).Comment()
	assert.Check(t, len(comment) < 65_536)
	for i := range 20 {
		assert.Check(t, is.Contains(comment, fmt.Sprintf("- `volume-%d` (Volume) **deleted**", i)))
	}
	assert.Check(t, is.Contains(comment, "The rest: 3000"))
}

func TestGates(t *testing.T) {
	of := func(name string) review.Rank {
		rank, err := rules(t).Rank(name)
		assert.NilError(t, err)
		return rank
	}
	restart := rules(t).Make("prod", &review.Preview{Steps: []review.Step{
		step("update", "kubernetes:helm.sh/v3:Release", "logging-kibana", map[string]any{"version": "1"}, map[string]any{"version": "2"}),
	}}, review.Source{})
	assert.Equal(t, restart.Exit(of("data")), 0)
	assert.Equal(t, restart.Exit(of("network")), 0)
	assert.Equal(t, restart.Exit(of("restart")), of("restart").Exit)
	assert.Equal(t, restart.Exit(of("rest")), of("restart").Exit)
	nothing := rules(t).Make("prod", &review.Preview{}, review.Source{})
	assert.Equal(t, nothing.Exit(of("rest")), 0)
	failed := rules(t).Make("prod", &review.Preview{Diagnostics: []review.Diagnostic{{Severity: "error", Message: "error: no"}}}, review.Source{})
	assert.Equal(t, failed.Exit(of("data")), review.Failed)
	_, err := rules(t).Rank("awful")
	assert.ErrorContains(t, err, `there is no rank "awful"; there are data, quorum, network, identity, exposure, restart, rest`)
	codes := map[int]bool{}
	for _, rank := range rules(t).Ranks {
		assert.Check(t, !codes[rank.Exit], "%d stands for two ranks", rank.Exit)
		codes[rank.Exit] = true
	}
	assert.Assert(t, !slices.Contains([]int{1, review.Failed}, rules(t).Ranks[0].Exit))
}

func TestWhatIsNoPreviewIsRefused(t *testing.T) {
	for text, says := range map[string]string{
		"":                        "not what `pulumi preview --json` prints",
		"Previewing update (dev)": "not what `pulumi preview --json` prints",
		`{"steps": []}`:           "it was cut short",
		`{"result": "succeeded"}`: "it was cut short",
	} {
		_, err := review.Read(strings.NewReader(text))
		assert.Check(t, is.ErrorContains(err, says), text)
	}
}
