package logging

import (
	_ "embed"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// retainScript deletes the logs that are too old or too many. Elasticsearch's own lifecycle knows of age only.
//
//go:embed retain.sh
var retainScript string

// retain keeps the logs within their age and size.
func (l *Logging) retain(ctx *pulumi.Context, name string, args *Args, made *chart.Installed, child pulumi.ResourceOption) error {
	image, err := chart.ImageOf("elasticsearch", "elasticsearch") // for its shell and its curl
	if err != nil {
		return err
	}
	_, err = args.Installer.Reconciler(ctx, name+"-retention", &chart.ReconcilerArgs{
		Name: elasticsearchService + "-retention", Namespace: made.Namespace.Name, Image: image, Script: retainScript,
		Env: map[string]string{
			"URL":            fmt.Sprintf("http://%s:%d", elasticsearchService, elasticsearchPort),
			"INDICES":        indexPrefix + "-*",
			"RETENTION_DAYS": strconv.Itoa(args.Config.RetentionDays),
			"MAX_BYTES":      strconv.Itoa(args.Config.MaxSizeGiB << 30),
		},
		Revision: pulumi.String(""),
	}, child, pulumi.DependsOn([]pulumi.Resource{made.Release("elasticsearch")}))
	return err
}
