package logging_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// section is one of Fluent Bit's configuration, with its settings in their order; a key may be there twice.
type section struct {
	kind     string
	settings [][2]string
}

func (s *section) get(key string) string {
	for _, each := range s.settings {
		if strings.EqualFold(each[0], key) {
			return each[1]
		}
	}
	return ""
}

var heading = regexp.MustCompile(`^\[(SERVICE|INPUT|FILTER|OUTPUT|PARSER)\]$`)

// parse reads Fluent Bit's classic form.
func parse(t *testing.T, text string) []*section {
	t.Helper()
	var sections []*section
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, " ")
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#"):
		case heading.MatchString(line):
			sections = append(sections, &section{kind: strings.Trim(line, "[]")})
		default:
			assert.Assert(t, strings.HasPrefix(line, "    ") && len(sections) > 0, "%q is in no section", line)
			key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			last := sections[len(sections)-1]
			last.settings = append(last.settings, [2]string{key, value})
		}
	}
	return sections
}

// configured are the sections that Fluent Bit gets in front of eck, of one kind.
func configured(t *testing.T, release string, r *mocktest.Recording) map[string][]*section {
	t.Helper()
	config := mocktest.Plain(r.Get(t, release).Inputs["values"]).(map[string]any)["config"].(map[string]any)
	found := map[string][]*section{}
	for _, part := range []string{"service", "inputs", "filters", "outputs", "customParsers"} {
		for _, each := range parse(t, config[part].(string)) {
			found[each.kind] = append(found[each.kind], each)
		}
	}
	return found
}

func TestEachKindOfLogsIsReadKeptAndSent(t *testing.T) {
	sections := configured(t, "logging-collector-release", eck(t, production()))
	var read, sent, files, streams []string
	for _, input := range sections["INPUT"] {
		tag, _, _ := strings.Cut(input.get("Tag"), ".")
		read = append(read, tag)
		files = append(files, input.get("DB"))
		assert.Equal(t, input.get("storage.type"), "filesystem", "what %s reads must outlive a restart", tag)
	}
	for _, output := range sections["OUTPUT"] {
		tag, _, _ := strings.Cut(output.get("Match"), ".")
		sent, streams = append(sent, tag), append(streams, output.get("Index"))
		assert.Assert(t, regexp.MustCompile(`^[1-9][0-9]+M$`).MatchString(output.get("storage.total_limit_size")), "the buffer of %s has no limit", tag)
		assert.Equal(t, output.get("tls.verify"), "On")
		assert.Equal(t, output.get("Generate_ID"), "On", "what is sent twice would be there twice")
	}
	slices.Sort(read)
	slices.Sort(sent)
	assert.DeepEqual(t, read, []string{"audit", "exchange", "host", "ingress", "kube"})
	assert.DeepEqual(t, sent, read)
	for _, unique := range [][]string{files, streams} {
		slices.Sort(unique)
		assert.Equal(t, len(slices.Compact(unique)), len(read))
	}
	names := []string{"multiline", "kubernetes", "modify", "record_modifier"}
	for _, filter := range sections["FILTER"] {
		assert.Assert(t, slices.Contains(names, filter.get("Name")), filter.get("Name"))
		assert.Assert(t, filter.get("Match")+filter.get("Match_Regex") != "")
		if expression := filter.get("Match_Regex"); expression != "" {
			_, err := regexp.Compile(expression)
			assert.NilError(t, err)
		}
	}
	assert.Equal(t, sections["FILTER"][0].get("Name"), "multiline", "it sends what it joined through all filters again")
}

// An older environment's indices are called as before, so that its logs of before are deleted in their turn.
func TestTheNamesOfBitnamisIndicesStay(t *testing.T) {
	config := production()
	config.Engine = "bitnami"
	var names []string
	for _, output := range configured(t, "logging-fluent-bit", eck(t, config))["OUTPUT"] {
		names = append(names, output.get("Logstash_Prefix"))
	}
	assert.DeepEqual(t, names, []string{"kube-exchange", "kube-ingress", "kube", "kube-node", "kube-audit"})
}

func TestSecretsAreMasked(t *testing.T) {
	var keys *regexp.Regexp
	masked := map[string]string{}
	for _, filter := range configured(t, "logging-collector-release", eck(t, production()))["FILTER"] {
		if expression := filter.get("Remove_regex"); expression != "" {
			keys = regexp.MustCompile(expression)
		}
		if condition, found := strings.CutPrefix(filter.get("Condition"), "Key_value_matches "); found {
			key, expression, _ := strings.Cut(condition, " ")
			masked[key] = expression
		}
	}
	texts := regexp.MustCompile(masked["message"])
	assert.Equal(t, masked["exception"], masked["message"], "tracebacks are masked as texts are")
	for key, secret := range map[string]bool{
		"password": true, "new_password": true, "Authorization": true, "csrf-token": true, "api_key": true, "apikey": true, "otp": true, "set-cookie": true,
		"tokens_left": false, "passwordless": false, "message": false, "path": false, "user": false,
	} {
		assert.Check(t, keys.MatchString(key) == secret, key)
	}
	lines, err := os.ReadFile("testdata/lines.yaml")
	assert.NilError(t, err)
	var recorded struct{ Secret, Plain []string }
	assert.NilError(t, yaml.UnmarshalStrict(lines, &recorded))
	for _, line := range recorded.Secret {
		assert.Check(t, texts.MatchString(line), line)
	}
	for _, line := range recorded.Plain {
		assert.Check(t, !texts.MatchString(line), line)
	}
	assert.Assert(t, len(recorded.Secret) > 0 && len(recorded.Plain) > 0)
}

// The ingress controller's lines have the same names in Elasticsearch, whichever it is.
func TestTheIngressLinesAreNamedAlike(t *testing.T) {
	logs := logging.IngressLogs{Container: "traefik", Fields: map[string]string{"RequestHost": "host", "DownstreamStatus": "status"}}
	sections := configured(t, "logging-collector-release", mocktest.Run(t, program(logging.Args{Config: production(), Ingress: logs})))
	read := slices.ContainsFunc(sections["INPUT"], func(input *section) bool {
		return input.get("Path") == "/var/log/containers/*_ingress-nginx_traefik-*.log"
	})
	assert.Assert(t, read)
	metadata := slices.IndexFunc(sections["FILTER"], func(each *section) bool { return each.get("Name") == "kubernetes" && each.get("Match") == "ingress.*" })
	naming := slices.IndexFunc(sections["FILTER"], func(each *section) bool { return each.get("Rename") == "DownstreamStatus status" })
	assert.Assert(t, naming > metadata && metadata >= 0, "what is not taken out of the line yet has no name")
	assert.DeepEqual(t, sections["FILTER"][naming].settings, [][2]string{
		{"Name", "modify"}, {"Match", "ingress.*"}, {"Rename", "DownstreamStatus status"}, {"Rename", "RequestHost host"},
	})
}

// Each file belongs to one kind of logs.
func TestEachContainersFileIsReadOnce(t *testing.T) {
	inputs := configured(t, "logging-collector-release", eck(t, production()))["INPUT"]
	matches := func(pattern, file string) bool {
		found, err := filepath.Match(pattern, file)
		assert.NilError(t, err)
		return found
	}
	const folder = "/var/log/containers/"
	for file, wanted := range map[string]string{
		"exchange-web-5d4-x_exchange_web-0a1.log":                         "exchange",
		"exchange-worker-7_exchange_worker-0a1.log":                       "exchange",
		"ingress-nginx-controller-abcde_ingress-nginx_controller-0a1.log": "ingress",
		"postgres-1_postgres_postgres-0a1.log":                            "kubernetes",
		"coredns-1_kube-system_coredns-0a1.log":                           "kubernetes",
		"fluent-bit-abcde_logging-nodes_fluent-bit-0a1.log":               "",
	} {
		var by []string
		for _, input := range inputs {
			if !matches(input.get("Path"), folder+file) {
				continue
			}
			excluded := slices.ContainsFunc(strings.Split(input.get("Exclude_Path"), ","), func(pattern string) bool { return matches(pattern, folder+file) })
			if !excluded {
				by = append(by, input.get("Alias"))
			}
		}
		assert.Equal(t, strings.Join(by, " "), wanted, file)
	}
}
