package logging

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// indexPrefix is the start of the daily indices' names.
const indexPrefix = "kube"

// fluentBitOutput sends to Elasticsearch. Elasticsearch 8 and later refuse documents with a type name, and labels with dots
// collide with those without; retries end, so that one refused document does not block all later ones.
const fluentBitOutput = `[OUTPUT]
    Name es
    Match %s
    Host %s
    Port %d
    Logstash_Format On
    Logstash_Prefix %s
    Suppress_Type_Name On
    Replace_Dots On
    Retry_Limit 10
`

// fluentBit is the release that ships the logs of every container.
func fluentBit(args *Args) (*chart.ReleaseArgs, error) {
	image, err := chart.ImageOf("fluent-bit", "fluent-bit")
	if err != nil {
		return nil, err
	}
	return &chart.ReleaseArgs{
		Part: "fluent-bit", Entry: "fluent-bit", Values: pulumi.ToMap(fluentBitValues(args, image)), Atomic: true, CRDs: args.MonitorCRDs,
	}, nil
}

func fluentBitValues(args *Args, image chart.Image) map[string]any {
	output := func(match, prefix string) string {
		return fmt.Sprintf(fluentBitOutput, match, elasticsearchService, elasticsearchPort, prefix)
	}
	return map[string]any{
		"image":          map[string]any{"repository": image.Path(), "tag": image.Tag},
		"testFramework":  map[string]any{"enabled": false}, // pulls an image by a floating tag
		"tolerations":    []any{map[string]any{"operator": "Exists"}},
		"resources":      chart.Little("50m", "64Mi"),
		"serviceMonitor": map[string]any{"enabled": args.MonitorCRDs != nil},
		"config":         map[string]any{"outputs": output("kube.*", indexPrefix) + "\n" + output("host.*", indexPrefix+"-node")},
	}
}
