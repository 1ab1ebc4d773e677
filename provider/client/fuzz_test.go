package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// reads are calls that decode an answer, one for each kind of answer. What they return is of no interest here.
var reads = []func(context.Context, *Client) error{
	func(ctx context.Context, c *Client) error { _, err := c.Servers(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, _, err := c.Server(ctx, "z", "i"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Ports(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Networks(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.SecurityGroups(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.SecurityRules(ctx, "z", "i"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.SSHKeys(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Volumes(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Snapshots(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.ServerGroups(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.FloatingIPs(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Tags(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Images(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.PrivateImages(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Plans(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.PublicNetwork(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.PriceWithDisk(ctx, "z", "p", 1); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Quota(ctx, "z"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Zones(ctx); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Account(ctx); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Domain(ctx, "d"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.DNSRecords(ctx, "d", "a"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Settings(ctx, "d", "ssl"); return err },
	func(ctx context.Context, c *Client) error { _, err := c.Objects(ctx, "d", "page-rules"); return err },
}

// answers is a transport that always answers the same, at most a few times: a list that claims to have many pages ends.
type answers struct {
	status int
	body   string
	left   int
}

func (a *answers) RoundTrip(*http.Request) (*http.Response, error) {
	if a.left--; a.left < 0 {
		return nil, context.Canceled
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

func answering(t testing.TB, status int, body string) *Client {
	t.Helper()
	c, err := New(Options{Endpoint: "http://api.example", APIKey: "key-of-the-fuzzer", MaxAttempts: 1, RetryInterval: time.Microsecond,
		HTTP: &http.Client{Transport: &answers{status, body, 4}}})
	assert.NilError(t, err)
	return c
}

// seeds are answers of the real shapes.
var seeds = []string{
	`{"data":[{"id":"a","name":"m1","status":"ACTIVE","task_state":null,"key_name":0,"flavor":{"id":"g","disk":"25"},"addresses":{"n":[{"addr":"1.2.3.4","version":4,"is_public":true}]},"tags":[{"id":1}]}]}`,
	`{"data":[{"id":"a","instance_id":"s","ips":["10.0.0.1",{"ip":"10.0.0.2"},{"address":"10.0.0.3"}]}]}`,
	`{"data":[{"id":"n","router:external":true,"mtu":"1500","subnets":[{"id":"s","dns_nameservers":[],"allocation_pools":[{"start":"a"}],"servers":[{"ips":[{"ip":"x","ptr":null}]}]}]}]}`,
	`{"data":{"id":"g","rules":[{"port_start":null,"port_end":"80"}]}}`,
	`{"data":{"max_total_cores":{"unlimited":false,"value":"8"},"total_cores_used":2,"max_x":3}}`,
	`{"data":[{"id":"r","value":[{"ip":"1.2.3.4"}],"ttl":"120"}],"meta":{"last_page":"2"}}`,
	`[{"id":"v","size":1e3,"attachments":[{"server_id":"s"}]}]`,
	`{"data":{"price_per_hour":"12.5"}}`, `{"data":null}`, `null`, `[]`, `{}`, ``, `<html>`, `{"data":`, `"text"`, `{"data":[[]]}`,
}

// FuzzAnswers feeds the decoders: none may panic, and what is not right has to name the call.
func FuzzAnswers(f *testing.F) {
	for kind := range reads {
		for _, seed := range seeds {
			f.Add(uint8(kind), seed)
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, body string) {
		err := reads[int(kind)%len(reads)](t.Context(), answering(t, http.StatusOK, body))
		if err != nil && !strings.Contains(err.Error(), " /") {
			t.Errorf("the error does not tell the path: %v", err)
		}
	})
}

// FuzzFailures feeds the decoder of failures: it may not panic, loop, or show the key.
func FuzzFailures(f *testing.F) {
	for _, seed := range append(seeds, `{"message":"m","errors":{"name":["a","b"]}}`, `{"errors":[["a"],["b"]]}`, `{"error":{"x":{"y":"z"}}}`,
		`{"message":"key-of-the-fuzzer"}`) {
		f.Add(422, seed)
		f.Add(500, seed)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 300 || status > 599 {
			return
		}
		_, err := answering(t, status, body).Servers(t.Context(), "z")
		assert.Assert(t, err != nil)
		assert.Assert(t, strings.HasPrefix(err.Error(), "GET /ecc/v1/regions/z/servers: "), err.Error())
		assert.Assert(t, !strings.Contains(err.Error(), "key-of-the-fuzzer"), err.Error())
	})
}

// FuzzTolerant feeds the types that take more than one form.
func FuzzTolerant(f *testing.F) {
	for _, seed := range []string{`1`, `"1"`, `""`, `null`, `"x"`, `1e400`, `true`, `{`, `"\u0000"`, `-0`, `{"ip":1}`} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, content string) {
		for _, value := range []any{new(Number), new(Integer), new(Text), new(PortAddress)} {
			_ = json.Unmarshal([]byte(content), value)
			_ = value.(json.Unmarshaler).UnmarshalJSON([]byte(content))
		}
	})
}

func TestTruncatedAnswersAreErrorsWithThePath(t *testing.T) {
	for kind, read := range reads {
		for _, body := range []string{`{"data":[{"id":"a"`, `{"data":`, `<html>`, ``} {
			err := read(t.Context(), answering(t, http.StatusOK, body))
			assert.ErrorContains(t, err, "the answer is not what the API is known to send", "read %d of %q", kind, body)
		}
	}
}

func TestRequestsAreLoggedWithoutTheKey(t *testing.T) {
	var logged []string
	c, err := New(Options{Endpoint: "http://api.example", APIKey: "very-secret", MaxAttempts: 2, RetryInterval: time.Microsecond,
		HTTP: &http.Client{Transport: &answers{http.StatusBadGateway, `very-secret`, 4}},
		Log:  func(_ context.Context, message string) { logged = append(logged, message) }})
	assert.NilError(t, err)
	_, err = c.Servers(t.Context(), "z")
	assert.Assert(t, err != nil)
	assert.Equal(t, len(logged), 2, "each attempt is logged")
	assert.Assert(t, strings.HasPrefix(logged[0], "GET /ecc/v1/regions/z/servers: 502"), logged[0])
	assert.Assert(t, !strings.Contains(strings.Join(logged, ""), "very-secret"))
}
