package charts_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/charts"
)

// componentValues are the values that the platform's components give their releases, by release name: the golden files of
// their own tests.
func componentValues(t *testing.T) map[string]map[string]any {
	t.Helper()
	files, err := filepath.Glob("../../components/*/testdata/*.values.yaml")
	assert.NilError(t, err)
	assert.Assert(t, len(files) > 0)
	found := map[string]map[string]any{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		assert.NilError(t, err)
		values := map[string]any{}
		assert.NilError(t, yaml.Unmarshal(text, &values))
		found[strings.TrimSuffix(filepath.Base(file), ".values.yaml")] = values
	}
	return found
}

// A key that a stand-in does not know would be silently without effect in the sandbox, though not in a real cluster.
func TestTheStandInsKnowTheKeysThatTheComponentsSet(t *testing.T) {
	all := componentValues(t)
	for _, name := range charts.Names() {
		assert.Assert(t, all[name] != nil, "no component installs %s", name)
		for file, values := range all {
			if release, _, _ := strings.Cut(file, "."); release != name { // NAME or NAME.ENGINE
				continue
			}
			t.Run(file, func(t *testing.T) {
				stand, err := charts.Load(name)
				assert.NilError(t, err)
				assert.DeepEqual(t, unknown("", values, stand.Values), []string(nil))
				rendered(t, stand, name, values)
			})
		}
	}
}

func TestTheExchangesChartTakesWhatItsComponentSets(t *testing.T) {
	objects := rendered(t, exchange(t), "exchange", componentValues(t)["exchange"])
	find(t, objects, "Deployment", "exchange-web")
	find(t, objects, "ServiceMonitor", "exchange-web")
}

// handedOn are maps that charts hand to Kubernetes as they are.
var handedOn = []string{"resources", "securityContext", "podSecurityContext", "containerSecurityContext"}

// unknown lists the keys that have no default. A default that is an empty map takes any key, and so does what is handed on.
func unknown(prefix string, values, defaults map[string]any) []string {
	var keys []string
	for key, value := range values {
		standard, known := defaults[key]
		if !known {
			keys = append(keys, prefix+key)
			continue
		}
		inside, isMap := value.(map[string]any)
		below, _ := standard.(map[string]any)
		if isMap && len(below) > 0 && !slices.Contains(handedOn, key) {
			keys = append(keys, unknown(prefix+key+".", inside, below)...)
		}
	}
	slices.Sort(keys)
	return keys
}
