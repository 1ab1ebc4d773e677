package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/iransre/exchange-platform/sandbox/charts"
)

// host is the name that users type.
const host = "exchange.example"

// podIP is an address as pods have them: Prometheus asks for the pod by it.
const podIP = "10.42.0.7"

// secrets are what the Secret of the release holds.
var secrets = map[string]string{
	"DJANGO_SECRET_KEY":     "k8JwQ2nV5xTzR7bLmYc3HsDf6gPaE9uWi4oKq1XvZrNtBhMj0SyCdGlFeUpAkO",
	"DATABASE_PASSWORD":     "the-password-of-the-database",
	"AWS_ACCESS_KEY_ID":     "the-user-of-the-store",
	"AWS_SECRET_ACCESS_KEY": "the-key-of-the-store",
	// those of the other store, where the media bucket has one
	"AWS_MEDIA_ACCESS_KEY_ID":     "the-user-of-the-other-store",
	"AWS_MEDIA_SECRET_ACCESS_KEY": "what-opens-the-other-store",
}

// parts are the containers that the chart runs of an image, as its templates say: what is checked is what runs.
type parts struct {
	collectStatic, migrate, web, worker *container
}

// container is one of them.
type container struct {
	name    string
	command []string
	env     map[string]string
	mounts  []string
	live    *corev1.HTTPGetAction
	ready   *corev1.HTTPGetAction
	probe   []string // the command of an exec probe
}

// render makes the chart's parts for a database and a store, and if there is one for another store of the media bucket.
func render(folder string, database *postgres, store, elsewhere *store) (*parts, error) {
	files := map[string]any{"endpoint": store.url("127.0.0.1"), "publicURL": store.url("localhost"), "staticBucket": staticBucket,
		"mediaBucket": mediaBucket, "existingSecret": "exchange"}
	if elsewhere != nil {
		files["media"] = map[string]any{"endpoint": elsewhere.url("127.0.0.1"), "publicURL": elsewhere.url("localhost"), "region": elsewhereRegion}
	}
	objects, err := charts.Render(folder, "exchange", "exchange", map[string]any{
		"image":       map[string]any{"repository": "image", "tag": "checked"},
		"host":        host,
		"django":      map[string]any{"existingSecret": "exchange"},
		"database":    map[string]any{"host": "127.0.0.1", "port": database.port, "name": database.name, "user": database.role, "existingSecret": "exchange"},
		"objectStore": files,
		"metrics":     map[string]any{"enabled": true},
		"migrations":  map[string]any{"lockTimeout": "500ms"},
	})
	if err != nil {
		return nil, err
	}
	made, settings := &parts{}, map[string]string{}
	for _, object := range objects {
		if object.GetKind() == "ConfigMap" {
			settings, _, _ = unstructured.NestedStringMap(object.Object, "data")
		}
	}
	places := map[string]**container{"collectstatic": &made.collectStatic, "migrate": &made.migrate, "web": &made.web, "worker": &made.worker}
	for _, object := range objects {
		var pod corev1.PodSpec
		spec, found, _ := unstructured.NestedMap(object.Object, "spec", "template", "spec")
		if !found {
			continue
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(spec, &pod); err != nil {
			return nil, fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err)
		}
		for _, each := range slices.Concat(pod.InitContainers, pod.Containers) {
			if place := places[each.Name]; place != nil {
				*place = read(each, settings)
			}
		}
	}
	for name, place := range places {
		if *place == nil {
			return nil, fmt.Errorf("the chart %s runs no container %q", folder, name)
		}
	}
	return made, nil
}

// read understands a container as the kubelet does.
func read(of corev1.Container, settings map[string]string) *container {
	made := &container{name: of.Name, command: of.Command, env: map[string]string{}}
	if len(of.EnvFrom) > 0 {
		maps.Copy(made.env, settings)
	}
	for _, each := range of.Env {
		switch {
		case each.ValueFrom == nil:
			made.env[each.Name] = expand(each.Value, made.env)
		case each.ValueFrom.SecretKeyRef != nil:
			made.env[each.Name] = secrets[each.ValueFrom.SecretKeyRef.Key]
		case each.ValueFrom.FieldRef != nil:
			made.env[each.Name] = podIP
		}
	}
	for _, mount := range of.VolumeMounts {
		made.mounts = append(made.mounts, mount.MountPath)
	}
	if of.ReadinessProbe != nil {
		made.ready = of.ReadinessProbe.HTTPGet
	}
	if of.LivenessProbe != nil {
		made.live = of.LivenessProbe.HTTPGet
		if of.LivenessProbe.Exec != nil {
			made.probe = of.LivenessProbe.Exec.Command
		}
	}
	return made
}

// expand puts variables of before into a value.
func expand(value string, env map[string]string) string {
	for name, text := range env {
		value = strings.ReplaceAll(value, "$("+name+")", text)
	}
	return value
}
