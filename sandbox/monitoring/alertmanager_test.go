package monitoring_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/config"
	amcommon "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/notify/telegram"
	"github.com/prometheus/alertmanager/notify/webhook"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/types"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"gotest.tools/v3/assert"
)

// alertingFolder is the component's; its golden files are the configurations that it gives to Alertmanager.
const alertingFolder = "../../components/alerting"

func configurations(t *testing.T) map[string]*config.Config {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(alertingFolder, "testdata", "*.alertmanager.yaml"))
	assert.NilError(t, err)
	assert.Assert(t, len(files) > 0)
	found := map[string]*config.Config{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		assert.NilError(t, err)
		read, err := config.Load(string(text))
		assert.NilError(t, err, file)
		found[strings.TrimSuffix(filepath.Base(file), ".alertmanager.yaml")] = read
	}
	return found
}

func receiver(t *testing.T, of *config.Config, name string) config.Receiver {
	t.Helper()
	for _, each := range of.Receivers {
		if each.Name == name {
			return each
		}
	}
	t.Fatalf("no receiver %q", name)
	return config.Receiver{}
}

func TestSeveritiesGoWhereTheyShould(t *testing.T) {
	all := configurations(t)
	route := dispatch.NewRoute(all["both"].Route, nil)
	for _, test := range []struct{ alert, severity, receiver string }{
		{"DatabaseAway", "page", "pages"},
		{"KubeAPIDown", "critical", "pages"}, // one of the chart's own
		{"NodesDiskGetsFull", "ticket", "tickets"},
		{"KubeJobFailed", "warning", "tickets"},
		{"CPUThrottlingHigh", "info", "tickets"},
		{"Watchdog", "none", "bastion"},
		{"InfoInhibitor", "none", "nobody"},
		{"MessagesAreNotDelivered", "page", "everywhere"},
	} {
		found := route.Match(model.LabelSet{"alertname": model.LabelValue(test.alert), "severity": model.LabelValue(test.severity)})
		assert.Equal(t, len(found), 1, test.alert)
		assert.Equal(t, found[0].RouteOpts.Receiver, test.receiver, test.alert)
		assert.Equal(t, len(found[0].RouteOpts.MuteTimeIntervals) == 1, test.severity == "info", test.alert)
		assert.Assert(t, found[0].RouteOpts.RepeatInterval >= found[0].RouteOpts.GroupInterval, test.alert) // or it has no effect
	}
	for name, ways := range map[string][2]int{"pages": {1, 1}, "tickets": {1, 0}, "everywhere": {1, 1}, "nobody": {0, 0}, "bastion": {0, 1}} {
		of := receiver(t, all["both"], name)
		assert.DeepEqual(t, [2]int{len(of.TelegramConfigs), len(of.WebhookConfigs)}, ways)
	}
	unwatched := dispatch.NewRoute(all["sms"].Route, nil).Match(model.LabelSet{"alertname": "Watchdog", "severity": "none"})
	assert.Equal(t, unwatched[0].RouteOpts.Receiver, "nobody") // there is no bastion
	assert.Equal(t, len(receiver(t, all["sms"], "tickets").TelegramConfigs), 0)
	assert.Equal(t, len(receiver(t, all["telegram"], "pages").WebhookConfigs), 0)
}

func TestItIsQuietAtNight(t *testing.T) {
	for name, test := range map[string]map[string]bool{
		"both": {"21:59": false, "22:30": true, "03:00": true, "07:30": false},
		"sms":  {"21:59": false, "22:30": true, "00:30": false},
	} {
		of := configurations(t)[name]
		assert.Equal(t, len(of.TimeIntervals), 1)
		for clock, quiet := range test {
			tehran, err := time.LoadLocation("Asia/Tehran")
			assert.NilError(t, err)
			at, err := time.ParseInLocation("2006-01-02 15:04", "2026-11-26 "+clock, tehran)
			assert.NilError(t, err)
			muted := false
			for _, interval := range of.TimeIntervals[0].TimeIntervals {
				muted = muted || interval.ContainsTime(at.UTC())
			}
			assert.Equal(t, muted, quiet, "%s at %s", name, clock)
		}
	}
	assert.Equal(t, len(configurations(t)["telegram"].TimeIntervals), 0)
}

func TestWhatFollowsFromAnotherAlertIsHeldBack(t *testing.T) {
	names := map[string]bool{}
	for _, rule := range ours(t) {
		names[rule.Alert] = true
	}
	inhibits := func(cause, effect model.LabelSet) bool {
		for _, rule := range configurations(t)["both"].InhibitRules {
			equal := true
			for _, label := range rule.Equal {
				equal = equal && cause[model.LabelName(label)] == effect[model.LabelName(label)]
			}
			if equal && rule.SourceMatchers != nil && matches(rule.SourceMatchers, cause) && matches(rule.TargetMatchers, effect) {
				return true
			}
		}
		return false
	}
	alert := func(name, severity string) model.LabelSet {
		return model.LabelSet{"alertname": model.LabelValue(name), "severity": model.LabelValue(severity)}
	}
	for cause, effects := range map[string][]string{
		"DatabaseAway": {"ExchangeAway", "QueueStandsStill"}, "DatabaseServersAway": {"ExchangeAway"}, "IngressAway": {"ExchangeFailsRequests", "ExchangeErrorsBurnFast"}, "ExchangeFailsRequests": {"ExchangeErrorsBurnFast", "ExchangeErrorsBurnSlowly"}, "QueueWorkersAway": {"QueueGrows"},
	} {
		for _, effect := range effects {
			assert.Assert(t, names[cause] && names[effect], "%s, %s: no such alert", cause, effect)
			assert.Assert(t, inhibits(alert(cause, "page"), alert(effect, "page")), "%s holds back %s", cause, effect)
		}
	}
	assert.Assert(t, !inhibits(alert("ExchangeAway", "page"), alert("DatabaseAway", "page")))
	assert.Assert(t, !inhibits(alert("DatabaseAway", "page"), alert("NodeAway", "page")))
}

func matches(matchers amcommon.Matchers, labels model.LabelSet) bool {
	for _, matcher := range matchers {
		if !matcher.Matches(string(labels[model.LabelName(matcher.Name)])) {
			return false
		}
	}
	return true
}

// theAlert is one of ours as Alertmanager gets it.
func theAlert(runbook string, resolved bool) *types.Alert {
	alert := &types.Alert{Alert: model.Alert{
		Labels: model.LabelSet{"alertname": "NodeAway", "severity": "page", "owner": "platform", "node": "arvan-prod-w1"},
		Annotations: model.LabelSet{
			"summary":    "Node arvan-prod-w1 has not been ready for 5 minutes; its pods go elsewhere <soon>.",
			"summary_fa": "یک گره از دسترس خارج است", "runbook_url": model.LabelValue(runbook),
		},
		StartsAt: time.Now().Add(-time.Hour), EndsAt: time.Now().Add(time.Hour),
	}}
	if resolved {
		alert.EndsAt = time.Now().Add(-time.Minute)
	}
	return alert
}

func words(t *testing.T) *template.Template {
	t.Helper()
	made, err := template.FromGlobs([]string{filepath.Join(alertingFolder, "messages.tmpl")})
	assert.NilError(t, err)
	made.ExternalURL = &url.URL{Scheme: "http", Host: "alertmanager.example"}
	return made
}

func group() context.Context {
	ctx := notify.WithGroupKey(context.Background(), "{}:{alertname=\"NodeAway\"}")
	ctx = notify.WithGroupLabels(ctx, model.LabelSet{"alertname": "NodeAway"})
	return notify.WithReceiverName(ctx, "pages")
}

// Alertmanager's own client of Telegram, before a stand-in of its API.
func TestTelegramGetsTheMessage(t *testing.T) {
	for name, test := range map[string]struct{ firing, over string }{
		"both": {
			"🔴 <b>NodeAway</b> arvan-prod-w1\nNode arvan-prod-w1 has not been ready for 5 minutes; its pods go elsewhere &lt;soon&gt;.\n<a href=\"https://rb.iransre.ir/NodeAway\">Runbook</a>",
			"🟢 Over: <b>NodeAway</b> arvan-prod-w1",
		},
		"persian": {
			"🔴 فوری: <b>یک گره از دسترس خارج است</b>\nNodeAway arvan-prod-w1\n<a href=\"https://rb.iransre.ir/NodeAway\">راهنما</a>",
			"🟢 برطرف شد: <b>یک گره از دسترس خارج است</b> arvan-prod-w1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var path string
			said := map[string]any{}
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				path = r.URL.Path
				assert.Check(t, json.NewDecoder(r.Body).Decode(&said))
				// without a chat in its answer Alertmanager crashes
				_, _ = io.WriteString(w, `{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":-1001234567890,"type":"supergroup"}}}`)
			}))
			defer api.Close()
			conf := *receiver(t, configurations(t)[name], "pages").TelegramConfigs[0]
			address, err := url.Parse(api.URL)
			assert.NilError(t, err)
			token := filepath.Join(t.TempDir(), "token")
			assert.NilError(t, os.WriteFile(token, []byte("12:the-token\n"), 0o600))
			conf.APIUrl, conf.BotTokenFile = &amcommon.URL{URL: address}, token
			conf.HTTPConfig.ProxyURL.URL = nil
			sender, err := telegram.New(&conf, words(t), promslog.NewNopLogger())
			assert.NilError(t, err)
			for resolved, expected := range map[bool]string{false: test.firing, true: test.over} {
				_, err = sender.Notify(group(), theAlert("https://rb.iransre.ir/NodeAway", resolved))
				assert.NilError(t, err)
				assert.Equal(t, path, "/bot12:the-token/sendMessage")
				assert.Equal(t, said["chat_id"], "-1001234567890")
				assert.Equal(t, strings.TrimSpace(said["text"].(string)), expected)
			}
		})
	}
}

// adapter runs the adapter before a provider, and gives its address.
func adapter(t *testing.T, settings map[string]any) string {
	t.Helper()
	home := t.TempDir()
	write(t, home, "settings.json", settings)
	assert.NilError(t, os.WriteFile(filepath.Join(home, "key"), []byte("the-key\n"), 0o600))
	return "http://127.0.0.1:" + started(t, "sms.py", "listening on port ", "ALERT_SMS_HOME="+home, "ALERT_SMS_PORT=0", "ALERT_SMS_ADDRESS=127.0.0.1")
}

func write(t *testing.T, folder, name string, settings map[string]any) {
	t.Helper()
	text, err := json.Marshal(settings)
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(filepath.Join(folder, name), text, 0o600))
}

// started runs one of the component's programs until the test ends, and gives what it says after the words.
func started(t *testing.T, name, words string, environment ...string) string {
	t.Helper()
	program, err := filepath.Abs(filepath.Join(alertingFolder, name))
	assert.NilError(t, err)
	run := exec.Command("python3", "-Bs", program)
	run.Env = append([]string{"PATH=" + os.Getenv("PATH")}, environment...)
	output, err := run.StderrPipe()
	assert.NilError(t, err)
	assert.NilError(t, run.Start())
	t.Cleanup(func() { _ = run.Process.Kill(); _ = run.Wait() })
	lines := bufio.NewScanner(output)
	assert.Assert(t, lines.Scan(), "%s said nothing", name)
	said, found := strings.CutPrefix(lines.Text(), words)
	assert.Assert(t, found, lines.Text())
	go func() {
		for lines.Scan() {
			assert.Check(t, !strings.Contains(lines.Text(), "the-key"), "the log holds the key")
		}
	}()
	return said
}

// The switch hears Alertmanager's own client, by the files that the Secret has for it, and nobody with another token.
func TestTheDeadMansSwitchHearsAlertmanager(t *testing.T) {
	credentials, state, mounted := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, credentials, "settings.json", map[string]any{
		"sms": map[string]any{"provider": "kavenegar", "receivers": []string{"09121234567"}}, "key": "the-key", "token": "the-token",
		"language": "en", "link": "", "address": "127.0.0.1", "port": 0,
	})
	at := started(t, "switch.py", "listening on ", "CREDENTIALS_DIRECTORY="+credentials, "STATE_DIRECTORY="+state)
	conf := *receiver(t, configurations(t)["both"], "bastion").WebhookConfigs[0]
	assert.Equal(t, conf.URLFile, "/etc/alertmanager/config/switch-url")
	assert.Equal(t, conf.HTTPConfig.Authorization.CredentialsFile, "/etc/alertmanager/config/switch-token")
	assert.Assert(t, !conf.SendResolved())
	conf.URLFile = filepath.Join(mounted, "switch-url")
	assert.NilError(t, os.WriteFile(conf.URLFile, []byte("http://"+at+"/"), 0o600))
	for _, test := range []struct {
		token string
		heard bool
	}{{"another", false}, {"the-token", true}} {
		file := filepath.Join(mounted, test.token)
		assert.NilError(t, os.WriteFile(file, []byte(test.token), 0o600))
		http, authorization := *conf.HTTPConfig, *conf.HTTPConfig.Authorization
		authorization.CredentialsFile = file
		http.Authorization, conf.HTTPConfig = &authorization, &http
		sender, err := webhook.New(&conf, words(t), promslog.NewNopLogger())
		assert.NilError(t, err)
		_, err = sender.Notify(group(), theAlert("", false))
		assert.Equal(t, err == nil, test.heard, "%v", err)
		_, err = os.Stat(filepath.Join(state, "heard"))
		assert.Equal(t, err == nil, test.heard)
	}
}

// page sends the alert as Alertmanager does, by way of the adapter.
func page(t *testing.T, of *config.Config, at, runbook string, resolved bool) (retry bool, err error) {
	t.Helper()
	conf := *receiver(t, of, "pages").WebhookConfigs[0]
	assert.Equal(t, string(conf.URL), "http://alert-sms.alerting.svc:8080/alert")
	conf.URL = amcommon.SecretTemplateURL(at + "/alert")
	sender, err := webhook.New(&conf, words(t), promslog.NewNopLogger())
	assert.NilError(t, err)
	return sender.Notify(group(), theAlert(runbook, resolved))
}

func TestKavenegarGetsOneSMS(t *testing.T) {
	var form url.Values
	var asked string
	status := 200
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Check(t, r.ParseForm())
		form, asked = r.PostForm, r.Method+" "+r.URL.Path
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"return":{"status":`+strconv.Itoa(status)+`,"message":"..."},"entries":[]}`)
	}))
	defer provider.Close()
	at := adapter(t, map[string]any{
		"provider": "kavenegar", "apiUrl": provider.URL, "receivers": []string{"09121234567", "09351234567"}, "sender": "10004346",
	})
	const short, long = "https://rb.iransre.ir/NodeAway", "https://github.com/iransre/exchange-platform/blob/main/docs/runbooks/NodeAway.md"
	for _, test := range []struct {
		language, runbook string
		resolved          bool
		text              string
	}{
		{"both", long, false, "NodeAway arvan-prod-w1\n" + long},
		{"both", short, true, "Over: NodeAway\n" + short},
		{"persian", short, false, "یک گره از دسترس خارج است\n" + short},
		{"persian", long, false, "یک گره از دسترس خارج است"}, // there is no room for the link
		{"persian", short, true, "رفع شد: یک گره از دسترس خارج است\n" + short},
	} {
		_, err := page(t, configurations(t)[test.language], at, test.runbook, test.resolved)
		assert.NilError(t, err)
		assert.Equal(t, asked, "POST /v1/the-key/sms/send.json")
		assert.DeepEqual(t, form, url.Values{"receptor": {"09121234567,09351234567"}, "sender": {"10004346"}, "message": {test.text}})
		limit := map[string]int{"both": 160, "persian": 70}[test.language]
		assert.Assert(t, utf8.RuneCountInString(test.text) <= limit)
	}
	for code, again := range map[int]bool{418: false, 403: false, 409: true, 500: true} {
		status = code
		retry, err := page(t, configurations(t)["both"], at, short, false)
		assert.ErrorContains(t, err, strconv.Itoa(map[bool]int{true: 502, false: 422}[again]))
		assert.Equal(t, retry, again, "after %d", code)
	}
}

func TestAnotherProviderGetsWhatItsRequestSays(t *testing.T) {
	var body, query, login string
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		assert.Check(t, err)
		body, query, login = body+string(text)+"\n", r.URL.RawQuery, r.Header.Get("Authorization")
		_, _ = io.WriteString(w, map[bool]string{true: `{"ok":true}`, false: `{"ok":false}`}[!strings.Contains(string(text), "0935")])
	}))
	defer provider.Close()
	request := map[string]any{
		"method": "POST", "url": provider.URL + "/send?from={sender}", "body": `{"to":"{receiver}","text":"{message}"}`, "accepted": `"ok":\s*true`,
		"headers": map[string]string{"Content-Type": "application/json", "Authorization": "Bearer {key}"},
	}
	settings := map[string]any{"provider": "template", "receivers": []string{"09121234567", "09351234567"}, "sender": "a b", "request": request}
	_, err := page(t, configurations(t)["both"], adapter(t, settings), "https://rb.iransre.ir/NodeAway", false)
	assert.NilError(t, err) // one of them was told
	assert.Equal(t, query, "from=a%20b")
	assert.Equal(t, login, "Bearer the-key")
	const text = `"text":"NodeAway arvan-prod-w1\nhttps://rb.iransre.ir/NodeAway"}` + "\n"
	assert.Equal(t, body, `{"to":"09121234567",`+text+`{"to":"09351234567",`+text)
	settings["receivers"] = []string{"09351234567"}
	retry, err := page(t, configurations(t)["both"], adapter(t, settings), "", false)
	assert.ErrorContains(t, err, "422")
	assert.Assert(t, !retry)
}
