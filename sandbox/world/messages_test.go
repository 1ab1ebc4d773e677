package world

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/messages"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// What comes to the stand-ins of Telegram and the SMS provider is told on the control socket, in its order; it is not kept for ever.
func TestWhatPeopleAreToldIsKnown(t *testing.T) {
	w := &workspace.Workspace{Dir: t.TempDir()}
	listener, err := net.Listen("unix", socket(w))
	assert.NilError(t, err)
	people := &told{}
	control := http.NewServeMux()
	people.serve(control)
	server := httptest.NewUnstartedServer(control)
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	all, err := Messages(t.Context(), w)
	assert.NilError(t, err)
	assert.Equal(t, len(all), 0)

	outside := httptest.NewServer(messages.Outside(people.take))
	t.Cleanup(outside.Close)
	for _, said := range []struct{ path, body string }{
		{messages.TelegramPath + "/bottoken/sendMessage", `{"chat_id": -1, "text": "🔴 فوری"}`}, {messages.SMSPath + "/v1/key/sms/send.json", "receptor=0912&message=%D9%81"},
	} {
		answer, err := http.Post(outside.URL+said.path, "application/x-www-form-urlencoded", strings.NewReader(said.body))
		assert.NilError(t, err)
		assert.NilError(t, answer.Body.Close())
		assert.Equal(t, answer.StatusCode, http.StatusOK)
	}
	all, err = Messages(t.Context(), w)
	assert.NilError(t, err)
	assert.Equal(t, len(all), 2)
	assert.Equal(t, all[0].Text, "🔴 فوری")
	assert.Equal(t, all[1].To+" "+all[1].Text, "0912 ف")
	assert.Assert(t, !all[0].At.IsZero() && !all[1].At.Before(all[0].At))

	for range toldAtMost {
		people.take(messages.Arrived{Text: "again"})
	}
	all, err = Messages(t.Context(), w)
	assert.NilError(t, err)
	assert.Equal(t, len(all), toldAtMost)
	assert.Equal(t, all[0].Text, "again")
}
