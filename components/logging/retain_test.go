package logging_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// curl answers for Elasticsearch: the indices, and what is deleted.
const curl = `for last; do :; done
case "$*" in
  *_cat/indices/kube-\**s=creation.date:desc*) cat "$DIR/indices" ;;
  *"--request DELETE"*) echo "${last##*/}" >>"$DIR/deleted" ;;
  *) exit 22 ;;
esac`

func TestLogsAreKeptWithinTheirAgeAndSize(t *testing.T) {
	const gib = 1 << 30
	type index struct {
		name string
		days int // its age
		size any
	}
	for name, test := range map[string]struct {
		indices []index // the newest first
		deleted []string
	}{
		"none":                   {nil, nil},
		"young and small":        {[]index{{"kube-c", 0, gib}, {"kube-b", 1, 1000}, {"kube-a", 2, 1000}}, nil},
		"too old":                {[]index{{"kube-c", 0, gib}, {"kube-b", 4, 1000}, {"kube-a", 9, 1000}}, []string{"kube-b", "kube-a"}},
		"too many":               {[]index{{"kube-c", 0, gib}, {"kube-b", 1, gib}, {"kube-a", 2, 1000}}, []string{"kube-a"}},
		"too many today already": {[]index{{"kube-c", 0, 3 * gib}, {"kube-b", 1, 1}}, []string{"kube-c", "kube-b"}},
		"of unknown size":        {[]index{{"kube-c", 0, ""}, {"kube-b", 9, 1}}, []string{"kube-b"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := mocktest.Run(t, program(logging.Args{Config: logging.Config{Engine: logging.Bitnami, RetentionDays: 3, MaxSizeGiB: 2}}))
			dir := t.TempDir()
			var lines strings.Builder
			for _, each := range test.indices {
				fmt.Fprintf(&lines, "%d %v %s\n", time.Now().AddDate(0, 0, -each.days).UnixMilli(), each.size, each.name)
			}
			assert.NilError(t, os.WriteFile(filepath.Join(dir, "indices"), []byte(lines.String()), 0o600))
			output, err := r.Get(t, "logging-retention").Reconcile(t, map[string]string{"curl": curl}, map[string]string{"DIR": dir})
			assert.NilError(t, err, output)
			deleted, _ := os.ReadFile(filepath.Join(dir, "deleted"))
			assert.DeepEqual(t, slices.Collect(strings.FieldsSeq(string(deleted))), test.deleted)
		})
	}
}

// An Elasticsearch that does not answer is a failed pass, and not one that found nothing to delete.
func TestRetentionFailsWhereElasticsearchDoes(t *testing.T) {
	r := mocktest.Run(t, program(logging.Args{Config: logging.Config{Engine: logging.Bitnami, RetentionDays: 3, MaxSizeGiB: 2}}))
	_, err := r.Get(t, "logging-retention").Reconcile(t, map[string]string{"curl": "exit 7"}, nil)
	assert.ErrorContains(t, err, "exit status 7")
}
