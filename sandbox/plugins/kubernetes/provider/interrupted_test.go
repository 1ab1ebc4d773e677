package provider

import (
	"strings"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/iransre/exchange-platform/internal/kube"
	"github.com/iransre/exchange-platform/sandbox/plugins/kubernetes/props"
)

// Who writes the records of releases, as the cluster knows them.
const (
	byPlugin = "pulumi-kubernetes/4.33.0"
	byHand   = "Helm/3.20.1"
)

var marks = map[string]string{"app.kubernetes.io/managed-by": "pulumi", "app.kubernetes.io/part-of": "exchange-platform"}

// recovery is what the program does before the plugin works, for the stack demo, and what it says.
func (w *world) recovery(t *testing.T) (*kube.Recovery, *[]string) {
	t.Helper()
	client, err := kube.New(w.kubeconfig)
	assert.NilError(t, err)
	said := &[]string{}
	return &kube.Recovery{
		Client: client, Stack: "demo", Marks: marks, Patience: time.Minute, Pause: time.Millisecond,
		Leftover: func() string { return "" }, Say: func(message string) { *said = append(*said, message) },
	}, said
}

func (w *world) client(t *testing.T, agent string) kubernetes.Interface {
	t.Helper()
	config, err := clientcmd.RESTConfigFromKubeConfig([]byte(w.kubeconfig))
	assert.NilError(t, err)
	config.UserAgent = agent
	client, err := kubernetes.NewForConfig(config)
	assert.NilError(t, err)
	return client
}

func (w *world) records(t *testing.T, agent string) *storage.Storage {
	t.Helper()
	return storage.Init(driver.NewSecrets(w.client(t, agent).CoreV1().Secrets("web")))
}

// leave makes a release's record say what one says when whoever worked on it has died.
func (w *world) leave(t *testing.T, agent, name string, status release.Status) {
	t.Helper()
	records := w.records(t, agent)
	last, err := records.Last(name)
	assert.NilError(t, err)
	last.Info.Status = status
	assert.NilError(t, records.Update(last))
}

// leaveUpgrade adds the record of an upgrade whose author has died.
func (w *world) leaveUpgrade(t *testing.T, agent, name string) {
	t.Helper()
	records := w.records(t, agent)
	last, err := records.Last(name)
	assert.NilError(t, err)
	last.Version++
	last.Info.Status = release.StatusPendingUpgrade
	assert.NilError(t, records.Create(last))
}

func (w *world) deploymentUID(t *testing.T, name string) string {
	t.Helper()
	deployment, err := w.client(t, byPlugin).AppsV1().Deployments("web").Get(t.Context(), name, metav1.GetOptions{})
	assert.NilError(t, err)
	return string(deployment.UID)
}

func leftInstall(t *testing.T, w *world) {
	for name, status := range map[string]release.Status{
		"left-pending": release.StatusPendingInstall, "left-whole": release.StatusDeployed, "left-failed": release.StatusFailed,
	} {
		inputs := releaseInputs(webChart(t), name, 1, nil)
		_, err := w.create(t, releaseURN(name), inputs)
		assert.NilError(t, err)
		w.leave(t, byPlugin, name, status)
		before := w.deploymentUID(t, name)
		_, err = w.create(t, releaseURN(name), inputs)
		assert.ErrorContains(t, err, "cannot re-use a name that is still in use")

		recovery, said := w.recovery(t)
		assert.NilError(t, recovery.BeforeInstall(t.Context(), "web", name))
		assert.DeepEqual(t, *said, []string{"release web/" + name + ": an interrupted update of this stack had left it " +
			status.String() + ", revision 1; it is installed again over what is there"})
		again, err := w.create(t, releaseURN(name), inputs)
		assert.NilError(t, err)
		assert.Equal(t, w.deploymentUID(t, name), before, "what is there is taken over")
		w.remove(t, again)
		assert.NilError(t, recovery.BeforeInstall(t.Context(), "web", name))
		assert.Equal(t, len(*said), 1, "nothing is there, nothing is said")
	}
}

func leftUpgrade(t *testing.T, w *world) {
	chart := webChart(t)
	made, err := w.create(t, releaseURN("upgraded"), releaseInputs(chart, "upgraded", 1, nil))
	assert.NilError(t, err)
	recovery, said := w.recovery(t)
	assert.NilError(t, recovery.BeforeUpgrade(t.Context(), "web", "upgraded"))
	assert.Equal(t, len(*said), 0)

	w.leaveUpgrade(t, byPlugin, "upgraded")
	wanted := releaseInputs(chart, "upgraded", 2, nil)
	_, err = w.update(t, made, wanted)
	assert.ErrorContains(t, err, "another operation (install/upgrade/rollback) is in progress")
	busy, err := recovery.Client.Busy(t.Context())
	assert.NilError(t, err)
	assert.Assert(t, len(busy) > 0)

	assert.NilError(t, recovery.BeforeUpgrade(t.Context(), "web", "upgraded"))
	assert.DeepEqual(t, *said, []string{"release web/upgraded: revision 2 had been left pending-upgrade; marked as failed, the upgrade goes on from there"})
	made, err = w.update(t, made, wanted)
	assert.NilError(t, err)
	status := made.state.Get("status").AsMap()
	assert.Equal(t, status.Get("revision").AsNumber(), 3.0)
	assert.Equal(t, status.Get("status").AsString(), "deployed")
	w.remove(t, made)
	assert.ErrorContains(t, recovery.BeforeUpgrade(t.Context(), "web", "upgraded"), "in the stack's state but not in the cluster: `pulumi up --refresh`")
}

// leftUninstall is what a `pulumi destroy` leaves that dies while Helm deletes: to destroy again goes on, and so does an up.
func leftUninstall(t *testing.T, w *world) {
	inputs := releaseInputs(webChart(t), "removed", 1, nil)
	made, err := w.create(t, releaseURN("removed"), inputs)
	assert.NilError(t, err)
	leave := func() {
		w.leave(t, byPlugin, "removed", release.StatusUninstalling)
		assert.NilError(t, w.client(t, byPlugin).AppsV1().Deployments("web").Delete(t.Context(), "removed", metav1.DeleteOptions{}))
	}
	leave()
	_, err = w.update(t, made, inputs)
	assert.ErrorContains(t, err, "has no deployed releases")

	recovery, said := w.recovery(t)
	assert.NilError(t, recovery.BeforeUpgrade(t.Context(), "web", "removed"))
	assert.Assert(t, strings.Contains((*said)[0], "revision 1 had been left uninstalling"), "%s", *said)
	made, err = w.update(t, made, inputs)
	assert.NilError(t, err)
	assert.Assert(t, w.deploymentUID(t, "removed") != "")
	leave()
	w.remove(t, made)
}

// othersReleases are left alone: those that somebody else has installed, and those at which somebody works at this moment.
func othersReleases(t *testing.T, w *world) {
	made, err := w.create(t, releaseURN("others"), releaseInputs(webChart(t), "others", 1, nil))
	assert.NilError(t, err)
	untouched := func() {
		t.Helper()
		last, err := w.records(t, byHand).Last("others")
		assert.NilError(t, err)
		assert.Equal(t, last.Info.Status, release.StatusPendingUpgrade)
	}
	w.leaveUpgrade(t, byHand, "others")
	recovery, said := w.recovery(t)
	err = recovery.BeforeUpgrade(t.Context(), "web", "others")
	assert.ErrorContains(t, err, "release web/others: Helm works on it since ")
	assert.ErrorContains(t, err, "If nobody works on it any more: `helm rollback others -n web`")
	untouched()

	// One of ours, which a plugin without its pulumi still works on: it is waited for, and what it made of it is taken.
	w.leave(t, byHand, "others", release.StatusFailed)
	w.leave(t, byPlugin, "others", release.StatusPendingUpgrade)
	looks := 0
	recovery.Leftover = func() string {
		if looks++; looks == 3 {
			w.leave(t, byPlugin, "others", release.StatusDeployed)
		}
		return "its plugin still runs here"
	}
	assert.NilError(t, recovery.BeforeUpgrade(t.Context(), "web", "others"))
	assert.Equal(t, looks, 3)
	assert.Equal(t, len(*said), 1)
	assert.Assert(t, strings.Contains((*said)[0], "and its plugin still runs here: waiting until "), "%s", *said)

	// The same, but what worked on it can work on it no more.
	w.leave(t, byPlugin, "others", release.StatusPendingUpgrade)
	recovery.Patience = -time.Minute
	assert.NilError(t, recovery.BeforeUpgrade(t.Context(), "web", "others"))
	w.remove(t, made)

	made, err = w.create(t, releaseURN("others"), releaseInputs(webChart(t), "others", 1, nil))
	assert.NilError(t, err)
	w.leave(t, byHand, "others", release.StatusFailed)
	err = recovery.BeforeInstall(t.Context(), "web", "others")
	assert.ErrorContains(t, err, "release web/others is in the cluster already, and this stack did not install it (Helm did, it is failed)")
	assert.ErrorContains(t, err, "import it with the id web/others")
	w.remove(t, made)
}

// leftObject is one that an interrupted create made: an upsert, as it is now, or a plain create, as it was.
func leftObject(t *testing.T, w *world) {
	upserting := &world{kubeconfig: w.kubeconfig, server: configuredServer(t, values{
		"kubeconfig": property.New(w.kubeconfig), "clusterIdentifier": property.New("test"), "upsertExistingObjects": property.New(true),
	})}
	ours := func(value string, extra map[string]string) object {
		labels := object{}
		for key, mark := range marks {
			labels[key] = mark
		}
		for key, mark := range extra {
			labels[key] = mark
		}
		return configMap("left", object{"a": value}, object{"labels": labels})
	}
	target := kube.Object{APIVersion: "v1", Kind: "ConfigMap", Namespace: "web", Name: "left"}
	for name, test := range map[string]struct {
		author *world
		labels map[string]string
	}{
		"an apply":        {upserting, map[string]string{kube.StackLabel: "demo"}},
		"a plain create":  {w, map[string]string{kube.StackLabel: "demo"}},
		"earlier version": {w, nil},
	} {
		recovery, said := w.recovery(t)
		assert.NilError(t, recovery.BeforeCreate(t.Context(), target))
		lost, err := test.author.create(t, urnOf(ours("1", nil)), props.Properties(ours("1", test.labels)))
		assert.NilError(t, err, name)
		// the program has changed meanwhile
		content := ours("2", map[string]string{kube.StackLabel: "demo"})
		checked := w.check(t, lost.urn, props.Properties(content))
		_, err = upserting.server.Create(p.CreateRequest{Urn: lost.urn, Properties: checked})
		assert.ErrorContains(t, err, "conflict", name)

		assert.NilError(t, recovery.BeforeCreate(t.Context(), target))
		assert.DeepEqual(t, *said, []string{"ConfigMap web/left: an interrupted update of this stack had made it; taken over"})
		made := upserting.object(t, "left", content)
		assert.Equal(t, made.state.Get("data").AsMap().Get("a").AsString(), "2", name)
		made, err = upserting.update(t, made, props.Properties(ours("3", map[string]string{kube.StackLabel: "demo"})))
		assert.NilError(t, err, name)
		upserting.unchanged(t, made)
		upserting.remove(t, made)
	}

	recovery, said := w.recovery(t)
	for _, labels := range []map[string]string{{kube.StackLabel: "prod"}, {"app.kubernetes.io/part-of": "something-else"}} {
		made, err := w.create(t, urnOf(ours("1", nil)), props.Properties(ours("1", labels)))
		assert.NilError(t, err)
		err = recovery.BeforeCreate(t.Context(), target)
		assert.ErrorContains(t, err, "ConfigMap web/left is in the cluster already, and this stack did not make it")
		assert.ErrorContains(t, err, "import it with the id web/left")
		w.remove(t, made)
	}
	assert.NilError(t, recovery.BeforeCreate(t.Context(), kube.Object{APIVersion: "not.there/v1", Kind: "Nothing", Name: "it"}))
	assert.Equal(t, len(*said), 0)
}
