package emulator

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// maxBody is more than any call needs: user data is at most 64 KiB.
const maxBody = 4 << 20

// ServeHTTP serves the API, the list of the CDN's ranges, the administration under /_emulator/ and the page at /.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" || strings.HasPrefix(r.URL.Path, "/_emulator/") {
		e.admin.ServeHTTP(w, r)
		return
	}
	if r.URL.Path == rangesPath {
		e.serveRanges(w)
		return
	}
	started := e.now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		failure(http.StatusRequestEntityTooLarge, "The request body could not be read.").write(w)
		return
	}
	if !e.authorized(r) {
		answer := unauthorized(r.URL.Path)
		e.note(r, answer, started, "")
		answer.write(w)
		return
	}
	fault := e.drawFaults(r)
	answer := fault.before(r.Context())
	if answer == nil {
		served := e.serveCall(r, body, fault.effects)
		answer = fault.after(&served)
	}
	e.note(r, *answer, started, fault.describe())
	if fault.resets() {
		resetConnection(w)
		return
	}
	if fault.retryAfter != "" {
		w.Header().Set("Retry-After", fault.retryAfter)
	}
	answer.write(w)
}

// serveCall runs the operation with the world locked and then writes what changed to the state file.
func (e *Emulator) serveCall(r *http.Request, body []byte, effects effects) reply {
	handle, parameters := apiTable.match(r.Method, r.URL.Path)
	if handle == nil {
		return failure(http.StatusNotFound, "Not Found")
	}
	answer := e.locked(handle, &call{
		emulator: e, method: r.Method, path: r.URL.Path, parameters: parameters, query: r.URL.Query(), body: body,
		contentType: r.Header.Get("Content-Type"), effects: effects,
	})
	if err := e.save(); err != nil {
		e.logger.Error("emulator: state not saved", "error", err)
		return failure(http.StatusInternalServerError, "The emulator could not save its state: "+err.Error())
	}
	return answer
}

// locked runs an operation with the world locked.
func (e *Emulator) locked(handle handler, c *call) reply {
	e.mu.Lock()
	defer e.mu.Unlock()
	c.world, c.now = e.world, e.now()
	if code, inZone := c.parameters["zone"]; inZone {
		if c.zone = e.zone(code); c.zone == nil {
			return failure(http.StatusNotFound, "Not Found")
		}
	}
	if c.zone != nil && e.options.Pace.byClock() {
		e.settleZone(c.zone, c.now)
	}
	answer := e.staleList(c, handle(c))
	if c.zone != nil {
		answer = e.options.Variants.dress(c.method, answer)
		if e.options.Variants.TerraformProvider {
			c.forTerraform(answer.body)
		}
	}
	return answer
}

// authorized checks the key. The prefix is compared without case; a key without prefix is refused, as by the real API.
func (e *Emulator) authorized(r *http.Request) bool {
	key, ok := cutPrefixFold(r.Header.Get("Authorization"), "apikey ")
	if !ok || strings.TrimSpace(key) == "" {
		return false
	}
	wanted := e.options.APIKey
	if bare, prefixed := cutPrefixFold(wanted, "apikey "); prefixed {
		wanted = bare
	}
	return wanted == "" || strings.TrimSpace(key) == strings.TrimSpace(wanted)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// unauthorized has no body on v1 and a message on CDN.
func unauthorized(path string) reply {
	if strings.HasPrefix(path, "/cdn/") {
		return failure(http.StatusUnauthorized, "Unauthenticated.")
	}
	return reply{status: http.StatusUnauthorized}
}

// resetConnection ends the connection without an answer, so that the client cannot know whether the call was applied.
func resetConnection(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := connection.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0) // a reset instead of an orderly end
	}
	_ = connection.Close()
}

// note remembers a call for the page and the log. Keys and bodies are left out: they hold secrets.
func (e *Emulator) note(r *http.Request, answer reply, started time.Time, fault string) {
	message, _ := answer.body["message"].(string)
	entry := RequestRecord{
		Time: started, Method: r.Method, Path: r.URL.RequestURI(), Status: answer.status,
		Milliseconds: e.now().Sub(started).Milliseconds(), Message: message, Fault: fault, UserAgent: r.UserAgent(),
	}
	e.mu.Lock()
	e.requests.add(entry)
	e.mu.Unlock()
	e.logger.Debug("call", "method", entry.Method, "path", entry.Path, "status", entry.Status, "fault", fault)
}
