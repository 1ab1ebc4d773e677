// Package upgrade asks an environment whether it is ready for another version of this platform. What cannot be asked is not good.
package upgrade

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/internal/kube"
)

//go:embed questions.yaml
var table []byte

// Answer is what is known of one thing.
type Answer struct {
	Name string
	Good bool
	// Says is what was found, or why nothing could be; Mend how it becomes good.
	Says, Mend string
	// Accepted is one that is not good, and let be.
	Accepted bool
}

// Prometheus is where it is asked, by way of the API server.
const Prometheus = "/api/v1/namespaces/monitoring/services/kube-prometheus-stack-prometheus:9090/proxy/api/v1/query"

// soon is how long a certificate has to hold: longer than an upgrade that goes wrong takes.
const soon = 14 * 24 * time.Hour

// Ask asks everything of the cluster that a kubeconfig leads to.
func Ask(ctx context.Context, kubeconfig string, now time.Time) []Answer {
	client, err := kube.New(kubeconfig)
	if err != nil {
		return []Answer{unknown("cluster", err)}
	}
	var answers []Answer
	for _, each := range []struct {
		name string
		ask  func(context.Context, *kube.Client) (problem string, found string, err error)
		mend string
	}{
		{"nodes", nodes, "`kubectl describe node`: an upgrade drains one after the other, and the others take its pods"},
		{"releases", releases, "`pulumi up` of the version that runs now, until it ends well"},
		{"budgets", budgets, "raise the replicas, or wait until the pods are ready: draining would wait for them in vain"},
		{"removed APIs", removed, "have whoever asks for them ask for the version that stays (the audit log and the object's managedFields say who)"},
	} {
		problem, found, err := each.ask(ctx, client)
		switch {
		case err != nil:
			answers = append(answers, unknown(each.name, err))
		case problem != "":
			answers = append(answers, Answer{Name: each.name, Says: problem, Mend: each.mend})
		default:
			answers = append(answers, Answer{Name: each.name, Good: true, Says: found})
		}
	}
	answers = append(answers, certificates(ctx, client, now))
	return append(answers, measured(ctx, client)...)
}

func unknown(name string, err error) Answer {
	return Answer{Name: name, Says: "not known: " + err.Error(), Mend: "make it possible to ask: what cannot be asked is not good"}
}

// list asks for all objects of a kind.
func list[T any](ctx context.Context, client *kube.Client, path string) ([]T, error) {
	var found struct{ Items []T }
	err := client.Get(ctx, path, &found)
	return found.Items, err
}

type meta struct{ Name, Namespace string }

func nodes(ctx context.Context, client *kube.Client) (problem, found string, err error) {
	type node struct {
		Metadata meta
		Spec     struct{ Unschedulable bool }
		Status   struct {
			NodeInfo   struct{ KubeletVersion string }
			Conditions []struct{ Type, Status string }
		}
	}
	all, err := list[node](ctx, client, "/api/v1/nodes")
	if err != nil {
		return "", "", err
	}
	if len(all) == 0 {
		return "there are none", "", nil
	}
	var problems, versions []string
	for _, each := range all {
		versions = append(versions, each.Status.NodeInfo.KubeletVersion)
		ready := false
		for _, condition := range each.Status.Conditions {
			switch {
			case condition.Type == "Ready":
				ready = condition.Status == "True"
			case strings.HasSuffix(condition.Type, "Pressure") && condition.Status != "False":
				problems = append(problems, fmt.Sprintf("%s has %s", each.Metadata.Name, condition.Type))
			}
		}
		if !ready {
			problems = append(problems, each.Metadata.Name+" is not ready")
		}
		if each.Spec.Unschedulable {
			problems = append(problems, each.Metadata.Name+" is cordoned")
		}
	}
	slices.Sort(versions)
	if versions = slices.Compact(versions); len(versions) > 1 {
		problems = append(problems, "an earlier upgrade has not ended: "+strings.Join(versions, ", "))
	}
	return strings.Join(problems, "; "), fmt.Sprintf("all %d are ready, with %s", len(all), versions[0]), nil
}

func releases(ctx context.Context, client *kube.Client) (problem, found string, err error) {
	busy, err := client.Busy(ctx)
	if err != nil {
		return "", "", err
	}
	var problems []string
	for _, each := range busy {
		problems = append(problems, fmt.Sprintf("%s/%s is %s", each.Namespace, each.Release, each.Status))
	}
	return strings.Join(problems, "; "), "nobody works on any", nil
}

func budgets(ctx context.Context, client *kube.Client) (problem, found string, err error) {
	type budget struct {
		Metadata meta
		Spec     struct {
			Selector struct{ MatchLabels map[string]string }
		}
		Status struct{ DisruptionsAllowed, ExpectedPods, CurrentHealthy int }
	}
	all, err := list[budget](ctx, client, "/apis/policy/v1/poddisruptionbudgets")
	if err != nil {
		return "", "", err
	}
	var problems []string
	for _, each := range all {
		if each.Spec.Selector.MatchLabels["cnpg.io/instanceRole"] == "primary" {
			continue // CloudNativePG makes another server the primary once this one's node is cordoned
		}
		if each.Status.ExpectedPods > 0 && each.Status.DisruptionsAllowed == 0 {
			problems = append(problems, fmt.Sprintf("%s/%s lets no pod go (%d of %d are healthy)",
				each.Metadata.Namespace, each.Metadata.Name, each.Status.CurrentHealthy, each.Status.ExpectedPods))
		}
	}
	return strings.Join(problems, "; "), fmt.Sprintf("each of %d lets a pod go", len(all)), nil
}

var requested = regexp.MustCompile(`(?m)^apiserver_requested_deprecated_apis\{([^}]*)\} 1`)

// removed are the APIs that somebody has asked the API server for since it started, and that a later Kubernetes has not.
func removed(ctx context.Context, client *kube.Client) (problem, found string, err error) {
	text, err := client.Text(ctx, "/metrics")
	if err != nil {
		return "", "", err
	}
	if !strings.Contains(text, "apiserver_request_total") {
		return "", "", errors.New("the API server does not tell its metrics")
	}
	var problems []string
	for _, match := range requested.FindAllStringSubmatch(text, -1) {
		labels := map[string]string{}
		for pair := range strings.SplitSeq(match[1], ",") {
			key, value, _ := strings.Cut(pair, "=")
			labels[key], _ = strconv.Unquote(value)
		}
		if release := labels["removed_release"]; release != "" {
			problems = append(problems, fmt.Sprintf("%s of %s goes with Kubernetes %s, and is used",
				labels["resource"], strings.TrimPrefix(labels["group"]+"/"+labels["version"], "/"), release))
		}
	}
	slices.Sort(problems)
	return strings.Join(problems, "; "), "nobody has asked for one since the API server started", nil
}

func certificates(ctx context.Context, client *kube.Client, now time.Time) Answer {
	const name = "certificates of the cluster"
	ends, err := client.CertificatesEnd(ctx)
	switch {
	case err != nil:
		return unknown(name, err)
	case ends.Sub(now) < soon:
		return Answer{Name: name, Says: "the first ends on " + ends.UTC().Format(time.DateOnly), Mend: "docs/runbooks/ClustersCertificateEnds.md"}
	}
	return Answer{Name: name, Good: true, Says: "the first of the API server's and the administrator's ends on " + ends.UTC().Format(time.DateOnly)}
}

// question is one that Prometheus is asked.
type question struct {
	Name    string   `json:"name"`
	Query   string   `json:"query"`
	Least   *float64 `json:"least,omitempty"`
	Most    *float64 `json:"most,omitempty"`
	Seconds bool     `json:"seconds,omitempty"`
	Says    string   `json:"says"`
	Mend    string   `json:"mend"`
}

func measured(ctx context.Context, client *kube.Client) []Answer {
	var questions []question
	if err := yaml.UnmarshalStrict(table, &questions); err != nil {
		return []Answer{unknown("questions.yaml", err)}
	}
	var answers []Answer
	for _, each := range questions {
		value, err := query(ctx, client, each.Query)
		if err != nil {
			answers = append(answers, unknown(each.Name, err))
			continue
		}
		good := (each.Least == nil || value >= *each.Least) && (each.Most == nil || value <= *each.Most)
		made := Answer{Name: each.Name, Good: good, Says: strings.ReplaceAll(each.Says, "{value}", each.shown(value))}
		if !good {
			made.Mend = each.Mend
		}
		answers = append(answers, made)
	}
	return answers
}

func (q question) shown(value float64) string {
	switch {
	case q.Seconds && math.Abs(value) >= 48*3600:
		return fmt.Sprintf("%.0f days", value/86400)
	case q.Seconds:
		return time.Duration(value * float64(time.Second)).Round(time.Minute).String()
	case q.Least != nil:
		return fmt.Sprintf("%.0f %%", 100*value)
	}
	return strconv.FormatFloat(value, 'f', -1, 64)
}

// query is the one value that Prometheus has for a query.
func query(ctx context.Context, client *kube.Client, text string) (float64, error) {
	var answer struct {
		Data struct {
			Result []struct{ Value []json.RawMessage }
		}
	}
	if err := client.Get(ctx, Prometheus+"?"+url.Values{"query": {text}}.Encode(), &answer); err != nil {
		return 0, fmt.Errorf("ask Prometheus: %w", err)
	}
	if len(answer.Data.Result) != 1 || len(answer.Data.Result[0].Value) != 2 {
		return 0, errors.New("Prometheus has no data of it")
	}
	var number string
	if err := json.Unmarshal(answer.Data.Result[0].Value[1], &number); err != nil {
		return 0, err
	}
	value, err := strconv.ParseFloat(number, 64)
	if err == nil && math.IsNaN(value) {
		err = errors.New("Prometheus has no number of it")
	}
	return value, err
}

// Accept lets answers be that are not good, by their names.
func Accept(answers []Answer, names []string) error {
	for _, name := range names {
		i := slices.IndexFunc(answers, func(a Answer) bool { return a.Name == name })
		if i < 0 {
			known := make([]string, len(answers))
			for j, each := range answers {
				known[j] = each.Name
			}
			return fmt.Errorf("nothing is called %q: %s", name, strings.Join(known, ", "))
		}
		answers[i].Accepted = !answers[i].Good
	}
	return nil
}

// Ready tells whether everything is good, or accepted.
func Ready(answers []Answer) bool {
	return len(answers) > 0 && !slices.ContainsFunc(answers, func(a Answer) bool { return !a.Good && !a.Accepted })
}

// Markdown says the answers, those that are not good first.
func Markdown(stack string, answers []Answer) string {
	var text strings.Builder
	verdict := "is ready for another version"
	if !Ready(answers) {
		verdict = "is **not ready** for another version"
	}
	fmt.Fprintf(&text, "### `%s` %s\n\n", stack, verdict)
	sorted := slices.Clone(answers)
	rank := func(a Answer) int { return map[bool]int{a.Good: 2, !a.Good && a.Accepted: 1}[true] }
	slices.SortStableFunc(sorted, func(a, b Answer) int { return rank(a) - rank(b) })
	plain := func(said string) string {
		return strings.Join(strings.Fields(strings.NewReplacer("<", "‹", ">", "›", "|", "/").Replace(said)), " ")
	}
	for _, each := range sorted {
		said := map[int]string{0: "**not good**", 1: "not good, accepted", 2: "good"}[rank(each)]
		fmt.Fprintf(&text, "- %s, %s: %s\n", each.Name, said, plain(each.Says))
		if !each.Good {
			fmt.Fprintf(&text, "  - %s\n", each.Mend)
		}
	}
	return text.String()
}
