package world

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/iransre/exchange-platform/sandbox/messages"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// told is what was said to people by Telegram and SMS since the world began, the newest last.
type told struct {
	mu       sync.Mutex
	messages []messages.Arrived
}

// toldAtMost is how many messages are kept.
const toldAtMost = 1000

func (t *told) take(message messages.Arrived) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.messages = append(t.messages, message)
	t.messages = t.messages[max(0, len(t.messages)-toldAtMost):]
}

// serve serves them on the control socket.
func (t *told) serve(mux *http.ServeMux) {
	mux.HandleFunc("GET /messages", func(response http.ResponseWriter, _ *http.Request) {
		t.mu.Lock()
		defer t.mu.Unlock()
		_ = json.NewEncoder(response).Encode(t.messages)
	})
}

// Messages are those that the stand-ins of Telegram and of the SMS provider have taken since w's world began, the newest last.
func Messages(ctx context.Context, w *workspace.Workspace) ([]messages.Arrived, error) {
	var all []messages.Arrived
	err := control(ctx, w, http.MethodGet, "/messages", nil, &all)
	return all, err
}
