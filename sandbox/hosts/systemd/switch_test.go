package systemd_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
)

// installSwitch makes the platform's dead man's switch a service of the machine, as the program does.
func installSwitch(w *lighttest.World, settings map[string]any) {
	w.T.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("../../../components/alerting", name))
		assert.NilError(w.T, err)
		return string(text)
	}
	coded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	rendered, err := json.Marshal(settings)
	assert.NilError(w.T, err)
	script := strings.NewReplacer("@SMS@", coded(read("sms.py")), "@SWITCH@", coded(read("switch.py")), "@SETTINGS@", coded(string(rendered))).
		Replace(read("switch.sh"))
	got := lighttest.Run(w.T, w.Login("ubuntu", "m1"), script, "sudo -n sh")
	assert.Equal(w.T, got.Code, 0, got.Stdout+got.Stderr)
}

// The whole way of a silence on a machine: the service hears once, then nothing, and a provider of SMS gets the message. It is
// impatient here: what it is told by the clock is tried beside it, with a clock of the test's.
func TestTheDeadMansSwitchIsAService(t *testing.T) {
	messages := make(chan url.Values, 8)
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Check(t, r.ParseForm())
		messages <- r.PostForm
		_, _ = w.Write([]byte(`{"return":{"status":200,"message":"ok"}}`))
	}))
	defer provider.Close()
	w := lighttest.New(t)
	w.Make("m1")
	settings := map[string]any{
		"sms": map[string]any{"provider": "kavenegar", "apiUrl": provider.URL, "receivers": []string{"09121234567"}},
		"key": "the-key", "token": "the-token", "language": "en", "link": "https://rb.example.ir/Watchdog", "address": "127.0.0.1", "port": 0,
	}
	for range 2 { // and again, as an update does
		installSwitch(w, settings)
		assert.Equal(t, w.Must("m1", "systemctl is-active alert-switch; systemctl is-enabled alert-switch"), "active\nenabled")
	}
	assert.Equal(t, w.Must("m1", "stat -c '%a' /etc/alert-switch/settings.json; stat -c '%a' /usr/local/lib/alert-switch/switch.py"), "600\n644")
	beat := func(token string) (status int) {
		// Each start takes a port of its own and says so a moment after systemd calls it active: until then its predecessor's stands there.
		lighttest.Eventually(t, "the last start answers at the port that it named", func() bool {
			named := strings.Fields(w.Must("m1", "sudo journalctl -u alert-switch -o cat | sed -n 's/^listening on //p'"))
			if len(named) == 0 {
				return false
			}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+named[len(named)-1]+"/", strings.NewReader(`{"status": "firing"}`))
			assert.NilError(t, err)
			request.Header.Set("Authorization", "Bearer "+token)
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				return false
			}
			defer answer.Body.Close()
			status = answer.StatusCode
			return true
		})
		return status
	}
	assert.Equal(t, beat("another"), http.StatusUnauthorized)
	assert.Equal(t, beat("the-token"), http.StatusOK)

	w.Must("m1", "sudo sed -i 's/^PATIENCE = .*/PATIENCE = 0/' /usr/local/lib/alert-switch/switch.py && sudo systemctl restart alert-switch")
	said := <-messages
	assert.DeepEqual(t, said, url.Values{"receptor": {"09121234567"}, "message": {
		"The platform has given no sign of life for 0 minutes: its monitoring, cluster or network is away\nhttps://rb.example.ir/Watchdog",
	}})
	assert.Assert(t, !strings.Contains(w.Must("m1", "sudo journalctl -u alert-switch -o cat; ps ax -o args"), "the-key"))
}
