package logging

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/components/chart"
)

// The parts of Fluent Bit's configuration that are the same for all kinds of logs.
var (
	//go:embed fluentbit/service.conf
	serviceSection string
	//go:embed fluentbit/nodes.conf
	nodeInputs string
	//go:embed fluentbit/filters.conf
	filters string
	//go:embed fluentbit/parsers.conf
	parsers string
)

// secretText is what a text is masked for.
const secretText = `(?i)(authorization\W{1,4}(bearer|basic|token)\s|bot[0-9]{6,}:[a-z0-9_-]{30,}|://[^/\s:@]+:[^/\s@]+@|-----BEGIN\s[A-Z\s]*PRIVATE\sKEY|(password|passwd|secret_?key|api_?key)[\x22\x27]?\s?[=:]\s?[\x22\x27]?[^\s\x22\x27,*]{6,})`

// kind is a kind of logs: it has a tag in Fluent Bit and a stream in Elasticsearch.
type kind struct {
	name string
	tag  string
	// files are the containers' of this kind; empty for those of nodes.
	files string
	// merge takes the fields of lines that are JSON objects out of the text. Fields of any program whatever would collide with each other.
	merge bool
	// bufferMiB is what a node keeps of it while Elasticsearch is away.
	bufferMiB int
}

// indexPrefix is the start of the names of bitnami's indices.
const indexPrefix = "kube"

const containerLogs = "/var/log/containers/"

// kinds are all of them; controller is the ingress controller's container. Names of files are <pod>_<namespace>_<container>-<id>.log.
func kinds(controller string) []kind {
	return []kind{
		{name: "exchange", tag: "exchange", files: containerLogs + "*_exchange_*.log", merge: true, bufferMiB: 512},
		{name: "ingress", tag: "ingress", files: containerLogs + "*_ingress-nginx_" + controller + "-*.log", merge: true, bufferMiB: 512},
		{name: "kubernetes", tag: "kube", files: containerLogs + "*.log", bufferMiB: 512},
		{name: "nodes", tag: "host", bufferMiB: 128},
		{name: "audit", tag: "audit", bufferMiB: 256},
	}
}

// ownLogs would tell Elasticsearch how often it did not answer, with each line a reason for the next.
const ownLogs = containerLogs + "*_fluent-bit-*.log"

// containerInput reads the files of a kind that no kind before it reads.
const containerInput = `[INPUT]
    Name tail
    Alias %[1]s
    Tag %[2]s.*
    Path %[3]s
%[4]s    DB %[5]s/%[1]s.db
    multiline.parser cri
    Buffer_Chunk_Size 64k
    Buffer_Max_Size 1m
    Skip_Long_Lines On
    Refresh_Interval 10
    storage.type filesystem
`

// metadata says of which pod a line is. Annotations hold configurations, at times with secrets.
const metadata = `[FILTER]
    Name kubernetes
    Match %[1]s.*
    Kube_Tag_Prefix %[1]s.var.log.containers.
    Buffer_Size 256k
    Annotations Off
    Merge_Log %[2]s
    Keep_Log Off
`

// renamed gives fields of the ingress controller's lines the names that they have under every engine.
func renamed(fields map[string]string) string {
	if len(fields) == 0 {
		return ""
	}
	var filter strings.Builder
	filter.WriteString("\n[FILTER]\n    Name modify\n    Match ingress.*\n")
	for _, theirs := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprintf(&filter, "    Rename %s %s\n", theirs, fields[theirs])
	}
	return filter.String()
}

// pipeline is Fluent Bit's configuration, in the chart's parts. The chart takes it as a template.
func pipeline(to *store, ingress IngressLogs) map[string]any {
	var inputs, filtered, outputs []string
	var taken []string
	for _, each := range kinds(ingress.Container) {
		if each.files != "" {
			exclude := ""
			if each.files == containerLogs+"*.log" {
				exclude = "    Exclude_Path " + strings.Join(append(taken, ownLogs), ",") + "\n"
			}
			inputs = append(inputs, fmt.Sprintf(containerInput, each.name, each.tag, each.files, exclude, buffers))
			taken = append(taken, each.files)
			filtered = append(filtered, fmt.Sprintf(metadata, each.tag, map[bool]string{true: "On", false: "Off"}[each.merge]))
		}
		outputs = append(outputs, to.output(&each))
	}
	before, after, _ := strings.Cut(strings.ReplaceAll(filters, "SECRET_TEXT", secretText), "# metadata\n")
	return map[string]any{
		"service":       serviceSection,
		"inputs":        strings.Join(append(inputs, nodeInputs), "\n"),
		"filters":       before + strings.Join(filtered, "\n") + renamed(ingress.Fields) + after,
		"outputs":       strings.Join(outputs, "\n"),
		"customParsers": parsers,
	}
}

// store is where Fluent Bit sends to.
type store struct {
	host   string
	target func(name string) string // the lines that say into what the logs of a kind go
	lines  string                   // what it takes to get in
	login  bool
}

var (
	// bitnamiStore has an index for each day.
	bitnamiStore = store{host: elasticsearchService, target: func(name string) string {
		prefix := indexPrefix + "-" + name
		switch name { // as they have always been called
		case "kubernetes":
			prefix = indexPrefix
		case "nodes":
			prefix = indexPrefix + "-node"
		}
		return "    Logstash_Format On\n    Logstash_Prefix " + prefix + "\n"
	}}
	// eckStore has a stream for each kind.
	eckStore = store{host: chart.ServiceHost(eckService, namespaceName), target: func(name string) string {
		return "    Index logs-" + name + "-platform\n"
	}, lines: `    HTTP_User writer
    HTTP_Passwd ${ELASTICSEARCH_PASSWORD}
    tls On
    tls.verify On
    tls.ca_file /authority/ca.crt
`, login: true}
)

// retries take four hours, since they come at most every five minutes (scheduler.cap): longer than Elasticsearch may be away, and not for
// ever, so that what it refuses does not hold up what comes later.
const retries = 100

// output sends a kind of logs to Elasticsearch. What was written in part is sent again as a whole: by an id of their own, documents are not
// written twice. Version 8 and later refuse documents with a type name, and labels with dots collide with those without.
func (s *store) output(of *kind) string {
	return fmt.Sprintf(`[OUTPUT]
    Name es
    Alias %s
    Match %s.*
    Host %s
    Port %d
%s%s    Write_Operation create
    Generate_ID On
    Time_Key_Nanos On
    Suppress_Type_Name On
    Replace_Dots On
    Compress gzip
    Buffer_Size 512k
    Trace_Error On
    Retry_Limit %d
    storage.total_limit_size %dM
`, of.name, of.tag, s.host, elasticsearchPort, s.target(of.name), s.lines, retries, of.bufferMiB)
}
