package world

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// neighbourly are machines whose private networks have a place for somebody else.
type neighbourly interface {
	DialPrivately(ctx context.Context, to netip.AddrPort) (net.Conn, error)
}

// answerWithin is how long whoever asks on a private network waits.
const answerWithin = time.Second

// handlePrivate asks on a private network for those who ask on the control socket. Light machines have none.
func handlePrivate(mux *http.ServeMux, machines hosts.Machines) {
	near, can := machines.(neighbourly)
	mux.HandleFunc("GET /private/{place}", func(response http.ResponseWriter, request *http.Request) {
		place, err := netip.ParseAddrPort(request.PathValue("place"))
		if err != nil || !can {
			http.Error(response, "there is no private network with such a place", http.StatusBadRequest)
			return
		}
		if err := askPrivately(request.Context(), near, place); err != nil {
			http.Error(response, err.Error(), http.StatusBadGateway)
		}
	})
}

// askPrivately asks for a page, by a connection of its own. Whatever is answered is an answer.
func askPrivately(ctx context.Context, near neighbourly, place netip.AddrPort) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	visitor := http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return near.DialPrivately(ctx, place)
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+place.String()+"/", nil)
	if err != nil {
		return err
	}
	response, err := visitor.RoundTrip(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// AskPrivately asks for a page at an address of a private network of w's running world, from a place on it that is no machine. It fails
// where nothing is answered within a second.
func AskPrivately(ctx context.Context, w *workspace.Workspace, place netip.AddrPort) error {
	return control(ctx, w, http.MethodGet, "/private/"+place.String(), nil, nil)
}
