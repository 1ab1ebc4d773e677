package ingress

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
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

// Middlewares of every entry point: a router whose middleware is not there serves nothing, so that as long as the file is not read, nobody gets in.
const (
	// oneAddress tells the application one address of its client, and so does the log.
	oneAddress = "client-address"
	// keyTakenOff keeps the key even from the application.
	keyTakenOff = "key-taken-off"
)

const (
	// keyMissing is the router of requests without the key, and the middleware by which they are refused.
	keyMissing = "key-missing"
	// beforeAll is more than any router has that is made of an Ingress, whose priority is the length of its rule.
	beforeAll = 1_000_000
)

// traefikMiddlewares are those of every entry point, in their order.
func traefikMiddlewares(args *Args) (names []any) {
	if len(args.TrustedProxies) > 0 {
		names = append(names, oneAddress+"@file")
	}
	if args.OriginKey != nil {
		names = append(names, keyTakenOff+"@file")
	}
	return names
}

// shownSecret is the Secret of the certificate that hosts are served with; empty if Traefik makes one itself.
func shownSecret(args *Args) string {
	if args.Certificate != "" {
		return certificateSecret
	}
	return args.CertificateSecret
}

// traefikSettings is the Secret with a file for Traefik's file provider: what Ingress objects cannot say, and what arguments, which more
// people read than may know the key, must not. Nil if there is nothing to say.
func traefikSettings(args *Args) *chart.SecretArgs {
	if len(traefikMiddlewares(args)) == 0 && shownSecret(args) == "" {
		return nil
	}
	var key pulumi.StringInput = pulumi.String("")
	if args.OriginKey != nil {
		key = args.OriginKey
	}
	text := key.ToStringOutput().ApplyT(func(key string) (string, error) {
		settings, middlewares := map[string]any{}, map[string]any{}
		http := map[string]any{"middlewares": middlewares}
		if len(args.TrustedProxies) > 0 {
			middlewares[oneAddress] = map[string]any{"plugin": map[string]any{plugin: map[string]any{"proxies": args.TrustedProxies}}}
		}
		if key != "" {
			http["routers"] = askTraefikForKey(args.OriginHeader, key)
			middlewares[keyMissing] = map[string]any{"ipAllowList": map[string]any{"sourceRange": []any{"255.255.255.255/32"}}}
			middlewares[keyTakenOff] = map[string]any{"headers": map[string]any{"customRequestHeaders": map[string]any{args.OriginHeader: ""}}}
		}
		if len(middlewares) > 0 {
			settings["http"] = http
		}
		files := map[string]any{"certFile": settingsFolder + "/tls.crt", "keyFile": settingsFolder + "/tls.key"}
		switch {
		case args.Certificate != "":
			settings["tls"] = map[string]any{"stores": map[string]any{"default": map[string]any{"defaultCertificate": files}}}
		case args.CertificateSecret != "":
			// For the names that are in it, and not for all: as long as a default one is not there, Traefik speaks no TLS at all.
			settings["tls"] = map[string]any{"certificates": []any{files}}
		}
		text, err := yaml.Marshal(settings)
		return string(text), err
	}).(pulumi.StringOutput)
	return &chart.SecretArgs{Part: "settings", Name: settingsSecret, Data: pulumi.StringMap{settingsFile: text}}
}

// askTraefikForKey are routers that refuse whatever does not say the key in a header, whatever its host. No middleware of Traefik's asks for a
// header; but requests without it are a router's that comes before all others, and that lets in one address, which nobody has.
func askTraefikForKey(header, key string) map[string]any {
	router := func(entryPoint string) map[string]any {
		return map[string]any{
			"entryPoints": []any{entryPoint}, "rule": fmt.Sprintf("!Header(`%s`, `%s`)", header, key), "priority": beforeAll,
			"middlewares": []any{keyMissing}, "service": "noop@internal",
		}
	}
	secure := router("websecure")
	secure["tls"] = map[string]any{}
	return map[string]any{keyMissing: router("web"), keyMissing + "-tls": secure}
}

// mountSettings has the file provider read the Secrets. It sees them come and change, so that a new certificate or key is used within the two minutes
// that a kubelet may take to write it, and nothing restarts. It reads folders within folders, and a kubelet's has all files twice, as links and in
// a hidden folder: hence its warnings that each is "already configured". One file alone it would not see change a second time.
func mountSettings(args *Args, values map[string]any) {
	sources := []any{map[string]any{"secret": map[string]any{"name": settingsSecret}}}
	if name := shownSecret(args); name != "" {
		source := map[string]any{"name": name}
		if name == args.CertificateSecret {
			source["optional"] = true // others fill it, when the controllers run
		}
		sources = append(sources, map[string]any{"secret": source})
	}
	values["deployment"].(map[string]any)["additionalVolumes"] = []any{
		map[string]any{"name": "settings", "projected": map[string]any{"sources": sources}},
	}
	values["additionalVolumeMounts"] = []any{map[string]any{"name": "settings", "mountPath": settingsFolder, "readOnly": true}}
	values["additionalArguments"] = append(values["additionalArguments"].([]any), "--providers.file.directory="+settingsFolder)
}

// plugin is the name of the middleware that oneAddress is of, of its package, and of its folder.
const plugin = "clientaddress"

//go:embed clientaddress/clientaddress.go
var pluginSource string

// pluginManifest is what Traefik asks of a plugin (pkg/plugins/plugins.go).
const pluginManifest = `displayName: Client address
type: middleware
import: ` + plugin + `
summary: Tells the application one address of its client
testData: {proxies: [192.0.2.0/24]}
`

// addPlugin has Traefik read the plugin when it starts, and not start without it. The chart puts it where Traefik looks, below its working directory.
func addPlugin(values map[string]any) {
	values["experimental"] = map[string]any{
		"abortOnPluginFailure": true,
		"localPlugins": map[string]any{plugin: map[string]any{
			"type": "inlinePlugin", "moduleName": plugin, "mountPath": "/plugins-local/src/" + plugin,
			"source": map[string]any{plugin + ".go": pluginSource, ".traefik.yml": pluginManifest},
		}},
	}
	sum := sha256.Sum256([]byte(pluginSource + pluginManifest))
	// what has changed is read by controllers that start
	values["deployment"].(map[string]any)["podAnnotations"] = map[string]any{"checksum/" + plugin: hex.EncodeToString(sum[:8])}
}
