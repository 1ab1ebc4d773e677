package alerts

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/messages"
)

// component is the platform's way of messages. It is read as files: the sandbox imports nothing of the program.
const component = "../../components/alerting/"

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(component + name)
	assert.NilError(t, err)
	return string(text)
}

func routingOf(t *testing.T, file string) *routing {
	t.Helper()
	answer, err := json.Marshal(map[string]any{"config": map[string]any{"original": read(t, "testdata/"+file)}})
	assert.NilError(t, err)
	config, err := parseRouting(string(answer))
	assert.NilError(t, err)
	return config
}

func TestWhoIsToldIsReadOutOfThePlatformsRouting(t *testing.T) {
	both := []messages.Way{messages.Telegram, messages.SMS}
	for _, test := range []struct {
		file, alert, severity string
		wanted                route
	}{
		{"both.alertmanager.yaml", "DatabaseAway", "page", route{10 * time.Second, 2 * time.Minute, both}},
		{"both.alertmanager.yaml", "NodesDiskGetsFull", "ticket", route{30 * time.Second, 5 * time.Minute, both[:1]}},
		{"both.alertmanager.yaml", "MessagesAreNotDelivered", "page", route{10 * time.Second, 5 * time.Minute, both}},
		{"both.alertmanager.yaml", watchdog, "none", route{0, 30 * time.Second, both[1:]}},
		{"persian.alertmanager.yaml", watchdog, "none", route{30 * time.Second, 5 * time.Minute, nil}}, // there is no bastion
		{"sms.alertmanager.yaml", "NodesDiskGetsFull", "ticket", route{30 * time.Second, 5 * time.Minute, nil}},
	} {
		way, err := routingOf(t, test.file).of(map[string]string{"alertname": test.alert, "severity": test.severity})
		assert.NilError(t, err)
		assert.Equal(t, way.wait, test.wanted.wait, test.alert)
		assert.Equal(t, way.interval, test.wanted.interval, test.alert)
		assert.DeepEqual(t, way.ways, test.wanted.ways)
	}
}

func TestARouteThatIsNotUnderstoodIsSaid(t *testing.T) {
	for _, child := range []node{{Matchers: []string{"severity in (page)"}}, {Matchers: []string{`severity=~"("`}}, {Continue: true}} {
		config := &routing{Route: node{Wait: "1s", Interval: "1s", Routes: []node{child}}}
		_, err := config.of(map[string]string{"severity": "page"})
		assert.ErrorContains(t, err, "Alertmanager")
	}
}

func TestThePromiseIsThatOfTheRules(t *testing.T) {
	rules, err := parseRules(`{"status":"success","data":{"groups":[{"name":"postgres","interval":30,"rules":[
		{"type":"alerting","name":"DatabaseAway","duration":120,"labels":{"severity":"page"},"annotations":{"summary_fa":"پایگاه داده پاسخ نمی‌دهد"}},
		{"type":"recording","name":"some:rate"}]}]}}`)
	assert.NilError(t, err)
	assert.Equal(t, len(rules), 1)
	away := rules["DatabaseAway"]
	assert.Equal(t, away, rule{name: "DatabaseAway", summary: "پایگاه داده پاسخ نمی‌دهد", lasts: 2 * time.Minute, every: 30 * time.Second, severity: "page"})
	scraped, err := scrapeInterval(`{"data":{"yaml":"global:\n  scrape_interval: 30s\n"}}`)
	assert.NilError(t, err)
	way := route{wait: 10 * time.Second}
	assert.Equal(t, promise(0, scraped, away, way), (30+30+120+10)*time.Second+delivery)
	away.every = 45 * time.Second // it is seen to have held for two minutes only at the third look after the first
	assert.Equal(t, promise(time.Minute, scraped, away, way), (60+30+45+135+10)*time.Second+delivery)
	assert.Equal(t, promise(0, scraped, rule{every: 30 * time.Second}, way), (30+30+10)*time.Second+delivery)
}

func TestTheDeadMansSwitchSaysItsPatience(t *testing.T) {
	program := read(t, "switch.py")
	found, err := patience(program)
	assert.NilError(t, err)
	assert.Equal(t, found, 10*time.Minute+5*time.Second)
	for _, said := range []string{noSign, aSign} {
		assert.Assert(t, strings.Contains(program, said), said)
	}
	_, err = patience("PATIENCE = some time\nLOOK = 5\n")
	assert.ErrorContains(t, err, "PATIENCE")
}
