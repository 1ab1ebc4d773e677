package props

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"
)

type object = map[string]any

func TestPlainAndBack(t *testing.T) {
	in := property.NewMap(map[string]property.Value{
		"text": property.New("a").WithSecret(true), "whole": property.New(3.0), "part": property.New(0.5),
		"list":    property.New([]property.Value{property.New(true), property.New(property.Computed)}),
		"nothing": property.New(property.Null), "x_kubernetes_list_type": property.New("map"),
	})
	plain := Plain(in)
	assert.DeepEqual(t, plain, object{
		"text": "a", "whole": int64(3), "part": 0.5, "list": []any{true, Unknown{}}, "nothing": nil, "x-kubernetes-list-type": "map",
	})
	assert.Assert(t, HasUnknown(plain))
	back := MarkSecrets(Properties(plain), in)
	assert.Assert(t, back.Get("text").Secret())
	assert.Equal(t, back.Get("x_kubernetes_list_type").AsString(), "map")
	assert.Assert(t, property.New(back).Equals(property.New(in)), "%v", back)
}

func TestMarkSecretsKeepsTheSurroundingsReadable(t *testing.T) {
	out := Properties(object{"values": object{"password": "x", "replicas": int64(2), "users": []any{"a", "b"}}})
	in := property.NewMap(map[string]property.Value{"values": property.New(map[string]property.Value{
		"password": property.New("x").WithSecret(true), "replicas": property.New(2.0),
		"users": property.New([]property.Value{property.New("a"), property.New("b").WithSecret(true)}),
	})})
	values := MarkSecrets(out, in).Get("values")
	assert.Assert(t, !values.Secret())
	assert.Assert(t, values.AsMap().Get("password").Secret())
	assert.Assert(t, !values.AsMap().Get("replicas").Secret())
	assert.Assert(t, values.AsMap().Get("users").Secret())
}

func TestDataOfASecretIsSecret(t *testing.T) {
	marked := MarkSecrets(Properties(object{"kind": "Secret", "data": object{"a": "eA=="}, "type": "Opaque"}), property.Map{})
	assert.Assert(t, marked.Get("data").Secret())
	assert.Assert(t, !marked.Get("type").Secret())
}

func TestDiff(t *testing.T) {
	old := object{"kind": "Pod", "spec": object{
		"replicas": int64(1), "gone": "x", "containers": []any{object{"image": "a"}, object{"image": "b"}},
	}, "metadata": object{"labels": object{"app.kubernetes.io/name": "web"}}}
	changed := object{"kind": "Pod", "spec": object{
		"replicas": 1.0, "new": Unknown{}, "containers": []any{object{"image": "c"}},
	}, "metadata": object{"labels": object{"app.kubernetes.io/name": "api"}}}
	found := map[string]p.DiffKind{}
	for _, change := range Diff(old, changed) {
		found[change.Path.String()] = change.Kind
	}
	assert.DeepEqual(t, found, map[string]p.DiffKind{
		"spec.gone": p.Delete, "spec.new": p.Add, "spec.containers[0].image": p.Update, "spec.containers[1]": p.Delete,
		`metadata.labels["app.kubernetes.io/name"]`: p.Update,
	})
	assert.Equal(t, len(Diff(old, Clone(old))), 0)
}

func TestTouches(t *testing.T) {
	change := Change{Path: Path{"spec", "containers", 0, "image"}, Kind: p.Update, Value: "c"}
	assert.Assert(t, change.Touches(".spec.containers[*].image"))
	assert.Assert(t, change.Touches(".spec.containers"))
	assert.Assert(t, !change.Touches(".spec.containers[*].env"))
	whole := Change{Path: Path{"spec"}, Kind: p.Add, Value: object{"containers": []any{object{"image": "a"}}}}
	assert.Assert(t, whole.Touches(".spec.containers[*].image"))
	assert.Assert(t, !whole.Touches(".spec.selector"))
	detailed := Detailed([]Change{change}, []string{".spec.containers[*].image"})
	assert.Equal(t, detailed["spec.containers[0].image"].Kind, p.UpdateReplace)
	assert.Assert(t, Replaces(detailed))
}

func TestPrune(t *testing.T) {
	live := object{"spec": object{"clusterIP": "10.0.0.1", "ports": []any{object{"port": int64(80), "protocol": "TCP"}}}, "status": object{}}
	shape := object{"spec": object{"ports": []any{object{"port": int64(8080)}}}}
	assert.DeepEqual(t, Prune(live, shape), object{"spec": object{"ports": []any{object{"port": int64(80)}}}})
}
