package ingress

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	originSecret = "ingress-origin-key"
	originFile   = "origin-key.conf"
	originFolder = "/etc/nginx/origin"
)

// askForKey has the controller refuse whatever does not say the key, and returns the Secret with the file that tells it: the
// controller's settings are a ConfigMap, which more people read than may know the key, and include that file.
func askForKey(ctx *pulumi.Context, args *Args, controller map[string]any) chart.SecretArgs {
	// a variable of NGINX is 1 where the header is what it has to be; "map" compares without regard to case, which leaves 165 bits
	variable := "$http_" + strings.ToLower(strings.ReplaceAll(args.OriginHeader, "-", "_"))
	file := args.OriginKey.ToStringOutput().ApplyT(func(key string) string {
		return fmt.Sprintf("map %s $from_origin {\n  default 0;\n  \"%s\" 1;\n}\n", variable, key)
	}).(pulumi.StringOutput)
	data := pulumi.StringMap{originFile: file}
	config := controller["config"].(map[string]any)
	config["http-snippet"] = "include " + originFolder + "/" + originFile + ";"
	config["server-snippet"] = "if ($from_origin = 0) { return 403; }"
	// not even the application is told it
	controller["proxySetHeaders"] = map[string]any{args.OriginHeader: ""}
	controller["extraVolumes"] = []any{map[string]any{"name": "origin-key", "secret": map[string]any{"secretName": originSecret}}}
	controller["extraVolumeMounts"] = []any{map[string]any{"name": "origin-key", "mountPath": originFolder, "readOnly": true}}
	// NGINX reads the file when it starts
	controller["podAnnotations"] = map[string]any{"checksum/origin-key": chart.Revision(ctx, data)}
	return chart.SecretArgs{Part: "origin-key", Name: originSecret, Data: data}
}
