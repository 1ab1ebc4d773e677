package ingress

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/yaml"
)

const (
	settingsSecret = "traefik-settings"
	settingsFile   = "settings.yaml"
	settingsFolder = "/etc/traefik/settings"
)

const (
	// keyTakenOff is a middleware of every entry point, so that not even the application is told the key. A router whose middleware is not there
	// serves nothing: as long as the file is not read, nobody gets in.
	keyTakenOff = "key-taken-off"
	// keyMissing is the router of requests without the key, and the middleware by which they are refused.
	keyMissing = "key-missing"
	// beforeAll is more than any router has that is made of an Ingress, whose priority is the length of its rule.
	beforeAll = 1_000_000
)

// traefikSettings is the Secret with a file for Traefik's file provider: what Ingress objects cannot say, and what arguments, which more
// people read than may know the key, must not. Nil if there is nothing to say.
func traefikSettings(args *Args) *chart.SecretArgs {
	if args.OriginKey == nil && args.Certificate == "" {
		return nil
	}
	key := args.OriginKey
	if key == nil {
		key = pulumi.String("")
	}
	text := key.ToStringOutput().ApplyT(func(key string) (string, error) {
		settings := map[string]any{}
		if key != "" {
			settings["http"] = askTraefikForKey(args.OriginHeader, key)
		}
		if args.Certificate != "" {
			settings["tls"] = map[string]any{"stores": map[string]any{"default": map[string]any{"defaultCertificate": map[string]any{
				"certFile": settingsFolder + "/tls.crt", "keyFile": settingsFolder + "/tls.key",
			}}}}
		}
		text, err := yaml.Marshal(settings)
		return string(text), err
	}).(pulumi.StringOutput)
	return &chart.SecretArgs{Part: "settings", Name: settingsSecret, Data: pulumi.StringMap{settingsFile: text}}
}

// askTraefikForKey refuses whatever does not say the key in a header, whatever its host. No middleware of Traefik's asks for a header; but
// requests without it are a router's that comes before all others, and that lets in one address, which nobody has.
func askTraefikForKey(header, key string) map[string]any {
	router := func(entryPoint string) map[string]any {
		return map[string]any{
			"entryPoints": []any{entryPoint}, "rule": fmt.Sprintf("!Header(`%s`, `%s`)", header, key), "priority": beforeAll,
			"middlewares": []any{keyMissing}, "service": "noop@internal",
		}
	}
	secure := router("websecure")
	secure["tls"] = map[string]any{}
	return map[string]any{
		"routers": map[string]any{keyMissing: router("web"), keyMissing + "-tls": secure},
		"middlewares": map[string]any{
			keyMissing:  map[string]any{"ipAllowList": map[string]any{"sourceRange": []any{"255.255.255.255/32"}}},
			keyTakenOff: map[string]any{"headers": map[string]any{"customRequestHeaders": map[string]any{header: ""}}},
		},
	}
}

// mountSettings has the file provider read the Secrets. It sees them change, so that a new certificate or key is used within the two minutes
// that a kubelet may take to write it, and nothing restarts. It reads folders within folders, and a kubelet's has all files twice, as links and in
// a hidden folder: hence its warnings that each is "already configured". One file alone it would not see change a second time.
func mountSettings(args *Args, values map[string]any) {
	sources := []any{map[string]any{"secret": map[string]any{"name": settingsSecret}}}
	if args.Certificate != "" {
		sources = append(sources, map[string]any{"secret": map[string]any{"name": certificateSecret}})
	}
	values["deployment"].(map[string]any)["additionalVolumes"] = []any{
		map[string]any{"name": "settings", "projected": map[string]any{"sources": sources}},
	}
	values["additionalVolumeMounts"] = []any{map[string]any{"name": "settings", "mountPath": settingsFolder, "readOnly": true}}
	values["additionalArguments"] = append(values["additionalArguments"].([]any), "--providers.file.directory="+settingsFolder)
}
