package review_test

import (
	"cmp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/review"
)

const shop = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {helm.sh/chart: shop-1}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {annotations: {checksum/config: aaa}}
    spec:
      containers:
        - {name: web, image: "shop:1", env: [{name: DB_PASSWORD, value: hunter2}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {helm.sh/chart: shop-1}}
data: {settings.ini: "a = 1\nb = 2\nc = 3\n"}
---
apiVersion: v1
kind: Service
metadata: {name: web, labels: {helm.sh/chart: shop-1}}
spec: {type: ClusterIP}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, labels: {helm.sh/chart: shop-1}}
spec: {minAvailable: 1}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {key: hunter2}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  updateStrategy: {type: RollingUpdate}
  template: {spec: {containers: [{name: store, image: "store:1"}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {resources: {requests: {storage: 5Gi}}}}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: "pre-upgrade,pre-install"}}
spec: {template: {spec: {containers: [{name: web, image: "shop:1"}]}}}
`

const inputsOfShop = "kubernetes:helm.sh/v3:Release"

// reviewed is the review of a release that is rendered like that before and after.
func reviewed(t *testing.T, before, after, again string) (*review.Review, string) {
	t.Helper()
	release, err := review.Compare("shop", before, after, again)
	assert.NilError(t, err)
	return withRelease(t, release)
}

func withRelease(t *testing.T, release *review.Release) (*review.Review, string) {
	t.Helper()
	changed := step("update", inputsOfShop, "shop-release", map[string]any{"values": map[string]any{"a": 1.0}}, map[string]any{"values": map[string]any{"a": 2.0}})
	made := rules(t).Make("prod", &review.Preview{Steps: []review.Step{changed}, Releases: map[string]*review.Release{changed.URN: release}}, review.Source{})
	return made, made.Comment()
}

func TestWhatBecomesOfARelease(t *testing.T) {
	edit := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(shop) }
	for _, test := range []struct {
		name, before, after, again, rank string
		says, not                        []string
	}{
		{name: "nothing", after: shop, rank: "restart", says: []string{"no pod restarts", "Job `shop/migrate` runs (pre-upgrade)"}, not: []string{"Secret", "Deployment"}},
		{name: "an image", after: edit(`"shop:1"`, `"shop:2"`), rank: "restart", says: []string{
			"pods restart: Deployment `shop/web`\n", "`spec.template.spec.containers[web].image`: `shop:1` → `shop:2`"}, not: []string{"StatefulSet"}},
		{name: "a checksum", after: edit("aaa", "bbb"), rank: "restart", says: []string{"pods restart: Deployment `shop/web`", `checksum/config`}},
		{name: "replicas", after: edit("replicas: 2", "replicas: 3"), rank: "restart", says: []string{"no pod restarts", "`spec.replicas`: `2` → `3`"}},
		{name: "a setting", after: edit("b = 2", "b = 7"), rank: "restart", says: []string{"no pod restarts", "ConfigMap `shop/settings`", "`b = 2` → `b = 7`"}, not: []string{"a = 1"}},
		{name: "a secret", after: edit("hunter2", "hunter3"), rank: "identity",
			says: []string{"Secret `shop/keys` changed: pods read another password", "pods restart: Deployment `shop/web`"}, not: []string{"hunter"}},
		{name: "labels", after: edit("shop-1", "shop-2"), rank: "restart", says: []string{"4 objects get other labels of their chart's version"}, not: []string{"ConfigMap", "Service"}},
		{name: "a budget", after: edit("minAvailable: 1", "minAvailable: 0"), rank: "restart", says: []string{"PodDisruptionBudget `shop/web`: `spec.minAvailable`: `1` → `0`"}},
		{name: "a port on every machine", after: edit("ClusterIP", "NodePort"), rank: "exposure", says: []string{"Service `shop/web` changed: how it is reached from outside"}},
		{name: "another volume", after: edit("5Gi", "9Gi"), rank: "restart",
			says: []string{"**the update fails**: Kubernetes lets nobody change `spec.volumeClaimTemplates[0].spec.resources.requests.storage` of StatefulSet `shop/store`", "(Release) changed: no pod restarts; the update fails"}},
		{name: "another selector", after: edit("matchLabels: {app: web}", "matchLabels: {app: shop}"), rank: "restart", says: []string{"the update fails", "`spec.selector.matchLabels.app`"}},
		{name: "by hand", after: edit("RollingUpdate", "OnDelete", "store:1", "store:2"), rank: "restart", says: []string{"pods are other ones once they are deleted: StatefulSet `shop/store`"}},
		{name: "random", after: edit("aaa", "bbb", "b = 2", "b = 3"), again: edit("aaa", "ccc", "b = 2", "b = 4"), rank: "restart",
			says: []string{"pods may restart: Deployment `shop/web`", "`data[\"settings.ini\"]`: unknown until the update"}, not: []string{"bbb", "b = 3"}},
		{name: "what only the update knows", after: edit("b = 2", "b = "+review.Unknown), rank: "restart", says: []string{"unknown until the update"}, not: []string{review.Unknown}},
		{name: "nothing is left of the store", after: shop[:strings.Index(shop, "---\napiVersion: apps/v1\nkind: StatefulSet")], rank: "restart",
			says: []string{"pods go: StatefulSet `shop/store`", "StatefulSet `shop/store` deleted"}, not: []string{"Job `shop/migrate` deleted"}},
		{name: "the store with its volumes", before: edit("  volumeClaimTemplates", "  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}\n  volumeClaimTemplates"),
			after: shop[:strings.Index(shop, "---\napiVersion: apps/v1\nkind: StatefulSet")], rank: "data",
			says: []string{"StatefulSet `shop/store` deleted: the claims of its volumes go, with all that is on these"}},
		{name: "a volume of the store", before: edit("  updateStrategy", "  replicas: 3\n  updateStrategy"),
			after: edit("  updateStrategy", "  replicas: 2\n  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}\n  updateStrategy"), rank: "data",
			says: []string{"StatefulSet `shop/store` changed: the claims of its volumes go"}},
		{name: "a server of the store", before: edit("  updateStrategy", "  replicas: 3\n  updateStrategy"), after: edit("  updateStrategy", "  replicas: 2\n  updateStrategy"),
			rank: "restart", not: []string{"claims"}},
		{name: "a new way in", after: shop + "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\n", rank: "exposure", says: []string{"Ingress `shop/web` new: something new is published"}},
		{name: "an account", after: shop + "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: shop}\n", rank: "identity", says: []string{"ClusterRole `shop` new"}},
		{name: "a kind nobody has spoken of", after: shop + "---\napiVersion: acme.io/v1\nkind: Vault\nmetadata: {name: shop}\n", rank: "data", says: []string{"Vault `shop/shop` new: nobody has said"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.again == "" {
				test.again = strings.ReplaceAll(test.after, review.Unknown, "another word")
			}
			made, comment := reviewed(t, cmp.Or(test.before, shop), test.after, test.again)
			assert.Equal(t, made.Worst().Name, test.rank, comment)
			for _, part := range test.says {
				assert.Check(t, is.Contains(comment, part))
			}
			for _, part := range test.not {
				assert.Check(t, !strings.Contains(comment, part), "%s\n%s", part, comment)
			}
		})
	}
}

// A release of which nobody knows what changes is not one in which nothing does, whatever its values say.
func TestWhatIsNotKnownIsSaid(t *testing.T) {
	changed := step("update", inputsOfShop, "shop-release", map[string]any{"values": map[string]any{"replicas": 1.0}}, map[string]any{"values": map[string]any{"replicas": 2.0}})
	made := rules(t).Make("prod", &review.Preview{Steps: []review.Step{changed}, Releases: map[string]*review.Release{changed.URN: {Unknown: "there is no helm"}}}, review.Source{})
	assert.Equal(t, made.Worst().Name, "restart")
	assert.Check(t, is.Contains(strings.Split(made.Comment(), "\n")[1], "what changes in the cluster is not known: there is no helm"))

	_, err := review.Compare("shop", "kind: [", "", "")
	assert.Assert(t, err != nil)
}

// What is approved of a release are its objects as well.
func TestTheObjectsOfAReleaseAreApproved(t *testing.T) {
	image := strings.ReplaceAll(shop, `"shop:1"`, `"shop:2"`)
	approved, _ := reviewed(t, shop, image, image)
	approval, err := approved.Approval()
	assert.NilError(t, err)
	beyond := func(made *review.Review) string {
		more, err := made.Beyond(approval)
		assert.NilError(t, err)
		return strings.Join(more, "\n")
	}
	assert.Equal(t, beyond(approved), "")
	other, _ := reviewed(t, shop, strings.ReplaceAll(image, "store:1", "store:2"), strings.ReplaceAll(image, "store:1", "store:2"))
	assert.Check(t, is.Contains(beyond(other), "StatefulSet `shop/store` is changed, which was not approved"))
	other, _ = reviewed(t, shop, strings.ReplaceAll(image, "shop:2", "shop:3"), strings.ReplaceAll(image, "shop:2", "shop:3"))
	assert.Check(t, is.Contains(beyond(other), "Deployment `shop/web` becomes another one than was approved"))
	unknown, _ := withRelease(t, &review.Release{Unknown: "no"})
	assert.Check(t, is.Contains(beyond(unknown), "what changes in the cluster is not known now, and was when it was approved"))
}

func TestAClaimThatAChartNoLongerHasIsDataLost(t *testing.T) {
	claim := "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: files}\nspec: {resources: {requests: {storage: 5Gi}}}\n"
	made, comment := reviewed(t, shop+claim, shop, shop)
	assert.Equal(t, made.Worst().Name, "data", comment)
	kept := strings.Replace(claim, "{name: files}", `{name: files, annotations: {"helm.sh/resource-policy": keep}}`, 1)
	made, comment = reviewed(t, shop+kept, shop, shop)
	assert.Equal(t, made.Worst().Name, "restart", comment)
}

func TestWhatANewObjectOrAHookMayDoIsJudged(t *testing.T) {
	for name, test := range map[string]struct{ object, rank string }{
		"a balancer":        {"apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {type: LoadBalancer}", "exposure"},
		"a service inside":  {"apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {type: ClusterIP}", "restart"},
		"root on machines":  {"apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: x}\nspec: {template: {spec: {hostNetwork: true, containers: [{name: a, securityContext: {privileged: true}}]}}}", "identity"},
		"a policy":          {"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\nspec: {podSelector: {}}", "network"},
		"rights by a hook":  {"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x, annotations: {helm.sh/hook: pre-upgrade}}\nroleRef: {name: cluster-admin}", "identity"},
		"markup as a kind":  {"apiVersion: v1\nkind: \"Job @everyone <img>\"\nmetadata: {name: x}", "data"},
		"a name of objects": {"apiVersion: x.io/v1\nkind: Gateway\nmetadata: {name: x}\nspec: {s: [{port: {number: 1}}]}", "data"},
	} {
		t.Run(name, func(t *testing.T) {
			made, comment := reviewed(t, shop, shop+"---\n"+test.object, shop+"---\n"+test.object)
			assert.Equal(t, made.Worst().Name, test.rank, comment)
			assert.Assert(t, !strings.Contains(comment, "@everyone") && !strings.Contains(comment, "<img"), comment)
		})
	}
}

func TestAClaimThatBecomesAHookIsDeleted(t *testing.T) {
	claim := "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: files%s}\nspec: {}\n"
	hook := strings.Replace(claim, "%s", ", annotations: {helm.sh/hook: pre-install}", 1)
	made, comment := reviewed(t, shop+strings.Replace(claim, "%s", "", 1), shop+hook, shop+hook)
	assert.Equal(t, made.Worst().Name, "data", comment)
}

// Lists whose elements are told apart by something that is no text must not end a review.
func TestListsWithoutNamesAreCompared(t *testing.T) {
	gateway := "---\napiVersion: x.io/v1\nkind: Gateway\nmetadata: {name: x}\nspec: {s: [{port: {number: 1}}]}\n"
	_, comment := reviewed(t, shop+gateway, shop+strings.Replace(gateway, "number: 1", "number: 2", 1), shop+strings.Replace(gateway, "number: 1", "number: 2", 1))
	assert.Assert(t, strings.Contains(comment, "`spec.s[0].port.number`: `1` → `2`"), comment)
}

func TestSecretsOfTextsAreNotShown(t *testing.T) {
	before := "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {address: \"postgres://u:hunter2@db/x\", key: \"-----BEGIN PRIVATE KEY-----\\nhunter2\\n-----END PRIVATE KEY-----\"}\nargs: [\"--password=hunter2\"]\nsettings: {a: {password: 2222}}\n"
	after := strings.NewReplacer("hunter2", "hunter3", "2222", "3333").Replace(before)
	_, comment := reviewed(t, shop+before, shop+after, shop+after)
	assert.Assert(t, strings.Contains(comment, "ConfigMap `shop/more`"), comment)
	assert.Assert(t, !strings.Contains(comment, "hunter") && !strings.Contains(comment, "3333"), comment)
}

// What a chart draws by lot, and a secret, are others at each look: neither makes what was approved another thing, wherever it stands.
func TestWhatWasApprovedIsTheSameAtTheNextLook(t *testing.T) {
	rendered := func(lot, password, word string) string {
		return shop + "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: lot}\nspec: {template: {spec: {containers: [{name: a, env: [" +
			"{name: LOT, value: " + lot + "}, {name: DB_PASSWORD, value: " + password + "}, {name: WORD, value: " + word + "}], " +
			"args: [\"--password=" + password + "\"]}]}}}\n"
	}
	first, _ := reviewed(t, shop, rendered("one", "hunter2", "said"), rendered("two", "hunter2", "said"))
	approved, err := first.Approval()
	assert.NilError(t, err)
	beyond := func(password, word string) []string {
		next, _ := reviewed(t, shop, rendered("three", password, word), rendered("four", password, word))
		more, err := next.Beyond(approved)
		assert.NilError(t, err)
		return more
	}
	assert.Equal(t, len(beyond("hunter3", "said")), 0)
	assert.Assert(t, strings.Contains(strings.Join(beyond("hunter2", "other"), "\n"), "Deployment `shop/lot` becomes another one than was approved"))
}
