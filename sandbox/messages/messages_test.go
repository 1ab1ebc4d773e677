package messages_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/messages"
	"github.com/iransre/exchange-platform/sandbox/tools"
	"github.com/iransre/exchange-platform/sandbox/transcript"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

const component = "../../components/alerting"

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(component, name))
	assert.NilError(t, err)
	return text
}

func TestAnAlertGoesTheWholeWay(t *testing.T) {
	place, err := workspace.Open()
	assert.NilError(t, err)
	assert.NilError(t, tools.BuildForImages(t.Context(), place, os.Stderr, "alertmanager"))
	const message = "This is a test of the way that alerts take; nothing is wrong."
	for _, test := range []struct {
		routing, severity, settings string
		arrived                     []string
		refused                     string
	}{
		{"both", "page", `{"provider": "kavenegar", "receivers": ["09121234567"]}`, []string{
			"SMS to 09121234567: TestAlert", "SMS to 09121234567: Over: TestAlert",
			"Telegram to -1001234567890: 🔴 <b>TestAlert</b>\n" + message, "Telegram to -1001234567890: 🟢 Over: <b>TestAlert</b>",
		}, ""},
		{"sms", "page", `{"provider": "template", "receivers": ["09121234567"], "request": {
			"method": "POST", "url": "https://sms.example.ir/{key}/send", "body": "{\"to\": \"{receiver}\", \"text\": \"{message}\"}",
			"headers": {"Content-Type": "application/json"}, "accepted": "\"ok\": true"}}`, []string{
			`SMS to : {"to": "09121234567", "text": "TestAlert"}`, `SMS to : {"to": "09121234567", "text": "Over: TestAlert"}`,
		}, ""},
		{"persian", "ticket", `{"provider": "kavenegar", "receivers": ["09121234567"]}`, []string{
			"Telegram to -1001234567890: 🟡 <b>آزمایش هشدار؛ مشکلی نیست</b>\nTestAlert", "Telegram to -1001234567890: 🟢 برطرف شد: <b>آزمایش هشدار؛ مشکلی نیست</b>",
		}, ""},
		{"sms", "ticket", `{"provider": "kavenegar", "receivers": ["09121234567"]}`, nil, `gives an alert of the severity "ticket" to "tickets", which tells nobody`},
	} {
		t.Run(test.routing+" "+test.severity, func(t *testing.T) {
			said := &transcript.Transcript{}
			rehearsal := &messages.Rehearsal{Alertmanager: tools.ImageProgram(place, "alertmanager"), Patience: time.Minute, Log: said}
			var arrived []string
			err := rehearsal.Fire(t.Context(), messages.Stack{
				Routing: map[string][]byte{
					"alertmanager.yaml": read(t, "testdata/"+test.routing+".alertmanager.yaml"), "messages.tmpl": read(t, "messages.tmpl"),
					"telegram-token": []byte("the-token"), "switch-url": []byte("http://192.0.2.1:9095/"), "switch-token": []byte("another-token"),
				},
				Adapter: read(t, "sms.py"), Settings: []byte(test.settings), Key: []byte("the-key"),
			}, messages.TestAlert(test.severity), func(one messages.Arrived) {
				arrived = append(arrived, fmt.Sprintf("%s to %s: %s", one.Way, one.To, one.Text))
			})
			if test.refused != "" {
				assert.ErrorContains(t, err, test.refused)
				return
			}
			assert.NilError(t, err, said.String())
			for _, wanted := range test.arrived {
				found := false
				for _, one := range arrived {
					found = found || one == wanted
				}
				assert.Check(t, found, "%q is not among %q", wanted, arrived)
			}
			assert.Equal(t, len(arrived), len(test.arrived), "%q", arrived)
			assert.Assert(t, !strings.Contains(said.String(), "the-token") && !strings.Contains(said.String(), "the-key"), said.String())
		})
	}
}
