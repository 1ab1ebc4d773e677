package apply_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/poll"
	"helm.sh/helm/v3/pkg/chart/loader"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/internal/policy"
	"github.com/iransre/exchange-platform/internal/settings"
	"github.com/iransre/exchange-platform/sandbox/charts/internal/render"
	"github.com/iransre/exchange-platform/sandbox/controlplane/controlplanetest"
)

const policies = "../../../charts/policy"

// releasesOf are the namespaces of these tests, which have releases' names, in the place of those that the rules name.
var releasesOf = strings.NewReplacer("'monitoring'", "'kube-prometheus-stack'", "'logging'", "'kibana'")

type object = map[string]any

// hold has the cluster hold the policy of a profile, as the program installs it. It takes a moment to.
func (c *cluster) hold(t *testing.T, config *policy.Config, profile settings.Profile, change func(string) string) {
	t.Helper()
	made, err := config.Objects(profile, time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC))
	assert.NilError(t, err)
	text, err := yaml.Marshal(object{"objects": made})
	assert.NilError(t, err)
	values := object{}
	assert.NilError(t, yaml.Unmarshal([]byte(change(string(text))), &values))
	own, err := loader.LoadDir(policies)
	assert.NilError(t, err)
	objects, err := render.Objects(own, "exchange-platform-policy", "kube-system", values)
	assert.NilError(t, err)
	assert.Assert(t, len(objects) > 0)
	c.apply(t, objects)
}

// heard are the warnings of the API server.
type heard struct{ said []string }

func (h *heard) HandleWarningHeader(_ int, _ string, text string) { h.said = append(h.said, text) }

func TestTheClusterHoldsThePolicy(t *testing.T) {
	config, err := clientcmd.RESTConfigFromKubeConfig(controlplanetest.Start(t).Kubeconfig())
	assert.NilError(t, err)
	warnings := &heard{}
	config.QPS, config.WarningHandler = -1, warnings
	c := connectTo(t, config)
	for name, labels := range map[string]any{
		"exchange": object{policy.PlatformLabel: policy.PlatformValue}, "monitoring": object{policy.PlatformLabel: policy.PlatformValue}, "theirs": nil,
	} {
		c.apply(t, []*unstructured.Unstructured{
			{Object: object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": name, "labels": labels}}},
			{Object: object{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": object{"name": "default", "namespace": name}}},
		})
	}
	container := func(with object) object {
		made := object{"name": "c", "image": "registry.ir:5000/shop:1.4.0", "resources": object{"requests": object{"cpu": "1", "memory": "1Gi"}}}
		maps.Copy(made, with)
		return made
	}
	pod := func(spec object) object { return object{"kind": "Pod", "apiVersion": "v1", "spec": spec} }
	one := func(with object) object { return pod(object{"containers": []any{container(with)}}) }
	ask := func(namespace string, content object) (refused string, warned []string) {
		t.Helper()
		asked := &unstructured.Unstructured{Object: content}
		asked.SetName("try")
		asked.SetNamespace(namespace)
		warnings.said = nil
		_, err := c.resource(t, asked).Create(t.Context(), asked, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			refused = err.Error()
		}
		return refused, warnings.said
	}
	// settled waits until the cluster answers as it will.
	settled := func(namespace string, content object, done func(refused string, warned []string) bool) {
		t.Helper()
		poll.WaitOn(t, func(poll.LogT) poll.Result {
			if refused, warned := ask(namespace, content); !done(refused, warned) {
				return poll.Continue("%s %v", refused, warned)
			}
			return poll.Success()
		}, poll.WithTimeout(20*time.Second))
	}
	privileged := one(object{"securityContext": object{"privileged": true}})

	same := func(text string) string { return text }
	c.hold(t, &policy.Config{}, settings.Prod, same)
	settled("exchange", privileged, func(refused string, _ []string) bool { return refused != "" })
	settled("exchange", one(object{"resources": object{}}), func(_ string, warned []string) bool { return len(warned) > 0 })
	digest := "shop@sha256:" + strings.Repeat("0a", 32)
	template := func(spec object) object {
		return object{"metadata": object{"labels": object{"app": "try"}}, "spec": spec}
	}
	latest := object{"containers": []any{container(object{"image": "shop:latest"})}}
	never := object{"restartPolicy": "Never", "containers": []any{container(object{"image": "shop"})}}
	for _, test := range []struct {
		name    string
		content object
		rule    string
		refused bool
	}{
		{"nothing is wrong", one(nil), "", false},
		{"a digest", one(object{"image": digest}), "", false},
		{"privileged", privileged, "privileged-pods", true},
		{"the node's processes", pod(object{"hostPID": true, "containers": []any{container(nil)}}), "privileged-pods", true},
		{"a privileged container that runs first", pod(object{
			"initContainers": []any{container(object{"name": "first", "securityContext": object{"privileged": true}})}, "containers": []any{container(nil)},
		}), "privileged-pods", true},
		{"a tag that moves", one(object{"image": "shop:latest"}), "image-versions", true},
		{"no tag, and a port", one(object{"image": "registry.ir:5000/shop"}), "image-versions", true},
		{"no requests", one(object{"resources": object{"requests": object{"cpu": "1"}}}), "resource-requests", false},
		{"a Deployment", object{"apiVersion": "apps/v1", "kind": "Deployment", "spec": object{
			"selector": object{"matchLabels": object{"app": "try"}}, "template": template(latest),
		}}, "image-versions", true},
		{"a CronJob", object{"apiVersion": "batch/v1", "kind": "CronJob", "spec": object{
			"schedule": "0 0 * * *", "jobTemplate": object{"spec": object{"template": template(never)}},
		}}, "image-versions", true},
		{"a Job", object{"apiVersion": "batch/v1", "kind": "Job", "spec": object{"template": template(never)}}, "image-versions", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			copied := (&unstructured.Unstructured{Object: test.content}).DeepCopy().Object
			refused, warned := ask("exchange", test.content)
			elsewhere, warnedThere := ask("theirs", copied)
			assert.Equal(t, elsewhere, "", "others' namespaces are only warned")
			if test.rule == "" {
				assert.Equal(t, refused+strings.Join(warned, ""), "")
				return
			}
			assert.Check(t, is.Contains(strings.Join(warnedThere, "\n"), "policy "+test.rule+": "))
			if test.refused {
				assert.Check(t, is.Contains(refused, "policy "+test.rule+": "))
				return
			}
			assert.Equal(t, refused, "")
			assert.Check(t, is.Contains(strings.Join(warned, "\n"), "policy "+test.rule+": "))
		})
	}
	refused, _ := ask("monitoring", pod(object{"hostPID": true, "containers": []any{container(nil)}}))
	assert.Equal(t, refused, "", "the node exporter is excepted, with a reason")

	// what was there before there was a policy may be scaled and labelled
	deployment := &unstructured.Unstructured{Object: object{"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": object{"name": "old", "namespace": "exchange", "labels": object{policy.PlatformLabel: "x"}},
		"spec":     object{"replicas": int64(1), "selector": object{"matchLabels": object{"app": "try"}}, "template": template(latest)}}}
	c.label(t, "exchange", "")
	settled("exchange", privileged, func(refused string, _ []string) bool { return refused == "" })
	c.apply(t, []*unstructured.Unstructured{deployment})
	c.label(t, "exchange", policy.PlatformValue)
	settled("exchange", privileged, func(refused string, _ []string) bool { return refused != "" })
	assert.NilError(t, unstructured.SetNestedField(deployment.Object, int64(3), "spec", "replicas"))
	c.apply(t, []*unstructured.Unstructured{deployment})

	// an exception makes it a warning, for a time
	excepted := &policy.Config{Exceptions: []policy.Exception{{Rule: "privileged-pods", Reason: "a probe", Until: "2026-12-31"}}}
	c.hold(t, excepted, settings.Prod, same)
	settled("exchange", privileged, func(refused string, warned []string) bool {
		return refused == "" && strings.Contains(fmt.Sprint(warned), "policy privileged-pods: ")
	})
	excepted.Exceptions[0].Until = "2026-11-26"
	c.hold(t, excepted, settings.Prod, same)
	settled("exchange", privileged, func(refused string, _ []string) bool { return strings.Contains(refused, "policy privileged-pods: ") })
}

// label has a namespace be one of the platform's, or none.
func (c *cluster) label(t *testing.T, namespace, value string) {
	t.Helper()
	c.apply(t, []*unstructured.Unstructured{{Object: object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{
		"name": namespace, "labels": object{policy.PlatformLabel: value},
	}}}})
}
