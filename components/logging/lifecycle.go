package logging

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	// streams are all streams of logs: each kind of logs has its own, logs-<kind>-platform, and so fields of its own.
	streams = "logs-*-platform"

	lifecyclePolicy = "logs-platform"
	dataView        = "logs-platform"

	// partsOfAll is how many parts of a stream there would be if it alone took all the room. The part that is written to cannot go.
	partsOfAll = 20
)

// phases are how a part of a stream lives: it is written to for a day, or until it is large; then it waits for its end.
func phases(config *Config) map[string]any {
	return map[string]any{
		"hot": map[string]any{"min_age": "0ms", "actions": map[string]any{
			"rollover":     map[string]any{"max_age": "1d", "max_primary_shard_size": fmt.Sprintf("%dmb", config.MaxSizeGiB*1024/partsOfAll)},
			"set_priority": map[string]any{"priority": 100},
		}},
		"delete": map[string]any{
			"min_age": fmt.Sprintf("%dd", config.RetentionDays), "actions": map[string]any{"delete": map[string]any{}},
		},
	}
}

// template is what new parts of the streams are made of. A record with a field that does not fit is kept without the field's being
// searchable: the exchange's developers choose their fields, and nobody watches what Elasticsearch refuses.
func template(config *Config) map[string]any {
	flattened := map[string]any{"type": "flattened", "ignore_above": 1024}
	return map[string]any{
		"settings": map[string]any{"index": map[string]any{
			"lifecycle":        map[string]any{"name": lifecyclePolicy},
			"number_of_shards": "1", "number_of_replicas": strconv.Itoa(config.copies()),
			// By itself Elasticsearch gives streams of such names the mode "logsdb", in which host is an object; the ingress controller's is a text.
			"mode":  "standard",
			"codec": "best_compression", "refresh_interval": "10s",
			"mapping": map[string]any{
				"ignore_malformed": "true",
				"total_fields":     map[string]any{"limit": "500", "ignore_dynamic_beyond_limit": "true"},
			},
			"query": map[string]any{"default_field": []string{"message"}},
		}},
		"mappings": map[string]any{
			"date_detection": false,
			"dynamic_templates": []any{map[string]any{"words": map[string]any{
				"match_mapping_type": "string", "mapping": map[string]any{"type": "keyword", "ignore_above": 1024},
			}}},
			"properties": map[string]any{
				"@timestamp": map[string]any{"type": "date"},
				"message":    map[string]any{"type": "match_only_text"},
				"kubernetes": map[string]any{"properties": map[string]any{"labels": flattened, "annotations": flattened}},
			},
		},
	}
}

// writesSetting is Elasticsearch's name for a storage that knows no conditional writes.
const writesSetting = "unsafely_incompatible_with_s3_conditional_writes"

// placeKeys are by what a place that Elasticsearch has is known to be this one.
var placeKeys = []string{"bucket", "base_path", writesSetting}

// place is where snapshots go; the storage's address stands in Elasticsearch's own settings, and its keys in its keystore.
func (s *Snapshots) place(stack string) map[string]string {
	return map[string]string{
		"bucket": s.Bucket, "base_path": strings.Trim(s.prefix(stack), "/"), "client": "default",
		writesSetting: strconv.FormatBool(!s.ConditionalWrites),
	}
}

// policy has them made and deleted.
func (s *Snapshots) policy(mark map[string]any) map[string]any {
	at := strings.Fields(s.Schedule)
	return map[string]any{
		"name": "<logs-{now/d}>", "schedule": fmt.Sprintf("0 %s %s * * ?", at[0], at[1]), // with seconds
		"repository": repositoryName,
		"config": map[string]any{
			"indices": []string{streams}, "include_global_state": false, "ignore_unavailable": true, "metadata": mark,
		},
		// what is deleted by age stays as long as there are a few at all
		"retention": map[string]any{"expire_after": fmt.Sprintf("%dd", s.RetentionDays), "min_count": 3, "max_count": 100},
	}
}
