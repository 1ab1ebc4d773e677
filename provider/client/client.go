// Package client talks to ArvanCloud's HTTP API: Cloud Server (IaaS) v1 and CDN 4.0. It knows nothing of Pulumi.
//
// Calls that change nothing are repeated when the network or the API fails. A call that makes something is repeated only
// after a look whether the failed attempt made it after all; see [Create].
package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Options are what a Client is made from.
type Options struct {
	Endpoint  string // base URL without the product's path, for example https://napi.arvancloud.ir
	APIKey    string // with or without the prefix "Apikey "
	UserAgent string // name/version of the caller

	// Log is told of each attempt at a call, without the key and without bodies; nil tells nobody.
	Log func(ctx context.Context, message string)
	// HTTP makes the requests; nil means a client of its own.
	HTTP *http.Client
	// MaxConcurrent is how many requests may be under way at once; 0 means 8.
	MaxConcurrent int
	// MaxAttempts is how often a call is tried that may be repeated; 0 means 6.
	MaxAttempts uint
	// AttemptTimeout bounds one attempt; 0 means 2 minutes, because making a server can take that long to answer.
	AttemptTimeout time.Duration
	// RetryInterval is the first pause before a repetition; it grows from there. 0 means half a second.
	RetryInterval time.Duration
}

// Client is a connection to the API of one account. It is safe for concurrent use.
type Client struct {
	options  Options
	base     string
	key      string
	inFlight chan struct{}
	writes   atomic.Uint64
}

// New makes a client. It makes no request: a wrong key shows at the first call.
func New(options Options) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(options.Endpoint, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, fmt.Errorf("the API endpoint %q is not a http or https URL", options.Endpoint)
	}
	key := strings.TrimSpace(options.APIKey)
	if prefix, rest, _ := strings.Cut(key, " "); strings.EqualFold(prefix, "apikey") {
		key = strings.TrimSpace(rest)
	}
	if key == "" {
		return nil, fmt.Errorf("no API key given")
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("the API key holds a space or a character that no key has; copy it again from the panel")
	}
	options.APIKey = ""
	if options.HTTP == nil {
		options.HTTP = &http.Client{Transport: transport()}
	}
	if options.MaxConcurrent == 0 {
		options.MaxConcurrent = 8
	}
	if options.MaxAttempts == 0 {
		options.MaxAttempts = 6
	}
	if options.AttemptTimeout == 0 {
		options.AttemptTimeout = 2 * time.Minute
	}
	if options.RetryInterval == 0 {
		options.RetryInterval = 500 * time.Millisecond
	}
	return &Client{
		options:  options,
		base:     base.String(),
		key:      key,
		inFlight: make(chan struct{}, options.MaxConcurrent),
	}, nil
}

// Writes counts the calls that may have changed something. What was read before the count moved may be out of date.
func (c *Client) Writes() uint64 { return c.writes.Load() }

// transport is the default one with as many kept connections as there may be requests: otherwise each burst opens new ones.
func transport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 16
	return transport
}

// acquire waits for one of the slots for requests and returns what gives it back.
func (c *Client) acquire(ctx context.Context) (release func(), err error) {
	select {
	case c.inFlight <- struct{}{}:
		return func() { <-c.inFlight }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
