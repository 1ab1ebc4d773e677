package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/client"
)

const key = "11111111-2222-3333-4444-555555555555"

// api is an API that answers as it is told, one answer after the other, the last one for ever.
type api struct {
	*client.Client
	url string

	mu    sync.Mutex
	calls []string
}

type answer struct {
	status int
	body   string
	header map[string]string
	reset  bool // the connection ends instead
}

func serve(t *testing.T, answers ...answer) *api {
	t.Helper()
	a := &api{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		a.mu.Lock()
		next := answers[min(len(a.calls), len(answers)-1)]
		a.calls = append(a.calls, r.Method+" "+r.URL.RequestURI())
		a.mu.Unlock()
		if next.reset {
			panic(http.ErrAbortHandler)
		}
		for name, value := range next.header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(next.status)
		_, _ = io.WriteString(w, next.body)
	}))
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	a.url, a.Client = server.URL, connect(t, server.URL)
	return a
}

// made lists the calls so far.
func (a *api) made() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.calls)
}

func connect(t *testing.T, endpoint string) *client.Client {
	t.Helper()
	c, err := client.New(client.Options{Endpoint: endpoint, APIKey: key, UserAgent: "test/1", RetryInterval: time.Millisecond, MaxAttempts: 4})
	assert.NilError(t, err)
	return c
}

func TestReadsAreRepeated(t *testing.T) {
	for name, failure := range map[string]answer{
		"429":   {status: 429, header: map[string]string{"Retry-After": "0"}},
		"500":   {status: 500},
		"503":   {status: 503, body: "<html><title>Unavailable</title></html>"},
		"reset": {reset: true},
	} {
		t.Run(name, func(t *testing.T) {
			a := serve(t, failure, failure, answer{status: 200, body: `{"data":[{"name":"admin"}]}`})
			keys, err := a.SSHKeys(t.Context(), "ir-thr-ba1")
			assert.NilError(t, err)
			assert.Equal(t, keys[0].Name, "admin")
			assert.Equal(t, len(a.made()), 3)
		})
	}
}

func TestReadsEnd(t *testing.T) {
	a := serve(t, answer{status: 502, body: "<html><body>\n<h1>502 Bad Gateway</h1><script>x()</script></body></html>"})
	_, err := a.SSHKeys(t.Context(), "ir-thr-ba1")
	assert.Error(t, err, "GET /ecc/v1/regions/ir-thr-ba1/ssh-keys: 502 Bad Gateway: 502 Bad Gateway")
	assert.Equal(t, len(a.made()), 4)
}

func TestRetryAfterIsHonoured(t *testing.T) {
	a := serve(t, answer{status: 429, header: map[string]string{"Retry-After": "3600"}}, answer{status: 200, body: `{"data":[]}`})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := a.SSHKeys(ctx, "ir-thr-ba1")
	assert.ErrorContains(t, err, "429 Too Many Requests")
	assert.Equal(t, len(a.made()), 1, "it does not come back before the time is over")
}

func TestWritesAreNotRepeatedBlindly(t *testing.T) {
	for name, test := range map[string]struct {
		failure   answer
		calls     int
		ambiguous bool
	}{
		"500 may have been applied":     {answer{status: 500}, 1, true},
		"a reset may be after it":       {answer{reset: true}, 1, true},
		"429 was not applied":           {answer{status: 429, header: map[string]string{"Retry-After": "0"}}, 4, false},
		"422 is final":                  {answer{status: 422}, 1, false},
		"an answer that makes no sense": {answer{status: 201, body: "<html>"}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := serve(t, test.failure)
			_, err := a.CreateServer(t.Context(), "ir-thr-ba1", client.ServerRequest{Name: "m1"})
			assert.Assert(t, err != nil)
			assert.Equal(t, len(a.made()), test.calls)
			assert.Equal(t, client.IsAmbiguous(err), test.ambiguous)
		})
	}
}

func TestConnectionThatIsRefusedIsRepeatedAndNotAmbiguous(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := connect(t, server.URL).CreateServer(t.Context(), "ir-thr-ba1", client.ServerRequest{Name: "m1"})
	assert.ErrorContains(t, err, "POST /ecc/v1/regions/ir-thr-ba1/servers: ")
	assert.ErrorContains(t, err, "connection refused")
	assert.Assert(t, !client.IsAmbiguous(err))
}

func TestCreateLooksBeforeItMakesAgain(t *testing.T) {
	ambiguous := serve(t, answer{status: 500})
	_, doubt := ambiguous.CreateServer(t.Context(), "z", client.ServerRequest{})
	for name, test := range map[string]struct {
		appears  int // look at which it is found; 0 = never
		attempts int
		fails    bool
	}{
		"it was applied":             {appears: 1, attempts: 1},
		"it was applied, shows late": {appears: 3, attempts: 1},
		"it was not, the next is":    {attempts: 2},
		"it is never applied":        {attempts: 3, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			looks, attempts := 0, 0
			object, err := client.Create(t.Context(), ambiguous.Client,
				func(context.Context) (string, bool, error) {
					looks++
					return "found", looks == test.appears, nil
				},
				func(context.Context) (string, error) {
					attempts++
					if attempts == test.attempts && !test.fails && test.appears == 0 {
						return "made", nil
					}
					return "", doubt
				})
			assert.Equal(t, attempts, test.attempts)
			switch {
			case test.fails:
				assert.ErrorIs(t, err, doubt)
			case test.appears > 0:
				assert.NilError(t, err)
				assert.Equal(t, object, "found")
			default:
				assert.NilError(t, err)
				assert.Equal(t, object, "made")
			}
		})
	}
}

func TestCreateFindsWhatWasMadeThoughTheCallerGaveUp(t *testing.T) {
	a := serve(t, answer{status: 500})
	_, doubt := a.CreateServer(t.Context(), "z", client.ServerRequest{})
	ctx, cancel := context.WithCancel(t.Context())
	object, err := client.Create(ctx, a.Client,
		func(ctx context.Context) (string, bool, error) { return "found", true, ctx.Err() },
		func(context.Context) (string, error) {
			cancel()
			return "", doubt
		})
	assert.NilError(t, err)
	assert.Equal(t, object, "found")
}

func TestCreateSaysThatTheOutcomeIsUnknown(t *testing.T) {
	a := serve(t, answer{status: 500})
	_, doubt := a.CreateServer(t.Context(), "z", client.ServerRequest{})
	_, err := client.Create(t.Context(), a.Client,
		func(context.Context) (string, bool, error) { return "", false, errors.New("the list is broken") },
		func(context.Context) (string, error) { return "", doubt })
	assert.ErrorContains(t, err, "whether it was applied could not be found out: the list is broken")
}

func TestServerThatIsMissingIsToldByTheList(t *testing.T) {
	for _, status := range []int{400, 404, 500} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			refused := answer{status: status, body: `{"message":"no"}`}
			answers := []answer{refused}
			if status == 500 {
				answers = []answer{refused, refused, refused, refused}
			}
			a := serve(t, append(answers, answer{status: 200, body: `{"data":[{"id":"other"}]}`})...)
			_, found, err := a.Server(t.Context(), "z", "gone")
			assert.NilError(t, err)
			assert.Assert(t, !found)
		})
	}
}

func TestRequests(t *testing.T) {
	var got *http.Request
	var body map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		_ = json.NewDecoder(r.Body).Decode(&body)
		_, _ = io.WriteString(w, `{"data":{"id":"1"}}`)
	}))
	t.Cleanup(server.Close)
	for _, given := range []string{key, "Apikey " + key, "apikey " + key, " APIKEY  " + key + "\n"} {
		c, err := client.New(client.Options{Endpoint: server.URL + "/", APIKey: given, UserAgent: "test/1"})
		assert.NilError(t, err)
		_, err = c.CreateServer(t.Context(), "ir-thr-ba1", client.ServerRequest{Name: "m1", SecurityGroupIDs: []string{"g"}, DiskSize: 25,
			NetworkIDs: []string{"n"}})
		assert.NilError(t, err)
		assert.Equal(t, got.Header.Get("Authorization"), "Apikey "+key)
		assert.Equal(t, got.Header.Get("User-Agent"), "test/1")
	}
	assert.DeepEqual(t, body["security_groups"], []any{map[string]any{"name": "g"}})
	assert.Equal(t, body["key_name"], 0.0)
	assert.Equal(t, body["ssh_key"], false)
	assert.NilError(t, connect(t, server.URL).DeleteSSHKey(t.Context(), "ir-thr-ba1", "a/../b"))
	assert.Equal(t, got.URL.EscapedPath(), "/ecc/v1/regions/ir-thr-ba1/ssh-keys/a%2F..%2Fb")
}

func TestOptions(t *testing.T) {
	for _, test := range []struct{ endpoint, key, want string }{
		{"napi.arvancloud.ir", key, "is not a http or https URL"},
		{"https://napi.arvancloud.ir", "Apikey ", "no API key given"},
		{"https://napi.arvancloud.ir", "a b c", "copy it again from the panel"},
	} {
		_, err := client.New(client.Options{Endpoint: test.endpoint, APIKey: test.key})
		assert.ErrorContains(t, err, test.want)
		assert.Assert(t, !strings.Contains(err.Error(), "a b c"))
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	var now, most atomic.Int32
	proceed := make(chan struct{})
	full := make(chan struct{}, 64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		full <- struct{}{}
		<-proceed
		now.Add(-1)
		_, _ = io.WriteString(w, `{"data":[]}`)
	}))
	t.Cleanup(server.Close)
	c, err := client.New(client.Options{Endpoint: server.URL, APIKey: key, MaxConcurrent: 3})
	assert.NilError(t, err)
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			_, err := c.Servers(t.Context(), "z")
			assert.Check(t, err)
		})
	}
	for range 3 {
		<-full
	}
	close(proceed)
	group.Wait()
	assert.Equal(t, most.Load(), int32(3))
}
