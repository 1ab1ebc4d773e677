package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Limits of what is waited for and read.
const (
	maxRetryPause = 15 * time.Second
	maxRetryAfter = 2 * time.Minute
	maxBody       = 16 << 20
)

// call is one call of the API. What may be done with it after a failure depends on its method: see repeatable.
type call struct {
	method string
	path   string // below the endpoint, with a leading slash; may carry a query
	body   any    // sent as JSON; nil sends none

	// counted says that to make the call twice is a mistake, though its method promises otherwise.
	counted bool
	// harmless says that the call changes nothing, though its method does not tell.
	harmless bool
	// base replaces the endpoint; empty is the endpoint.
	base string
}

// reads tells whether the call changes nothing.
func (c call) reads() bool { return c.method == http.MethodGet || c.harmless }

// do makes the call, again if that is safe, and decodes what it answers into answer, unless that is nil.
func (c *Client) do(ctx context.Context, call call, answer any) error {
	var body []byte
	if call.body != nil {
		encoded, err := json.Marshal(call.body)
		if err != nil {
			return fmt.Errorf("%s %s: encode the request: %w", call.method, call.path, err)
		}
		body = encoded
	}
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = c.options.RetryInterval
	pause.MaxInterval = maxRetryPause
	var failure error
	content, err := backoff.Retry(ctx, func() ([]byte, error) {
		content, err := c.attempt(ctx, call, body)
		failure = err
		if err != nil && !repeatable(call, err) {
			return nil, backoff.Permanent(err)
		}
		return content, err
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(c.attempts(ctx)))
	if failure != nil {
		// The pauses' own error (the context's end) says less than what the last attempt met.
		err = failure
	}
	if err != nil {
		return err
	}
	if answer == nil {
		return nil
	}
	if err := decode(content, answer); err != nil {
		return &Error{Method: call.method, Path: call.path, Status: http.StatusOK, ambiguous: !call.reads(),
			Message: "the answer is not what the API is known to send: " + err.Error()}
	}
	return nil
}

// either makes the first call, or the second where the API does not know the first: its descriptions disagree about a few. An object
// that is gone is not told apart from an operation that is, so both calls have to be meant for the same object.
func (c *Client) either(ctx context.Context, first, second call) error {
	err := c.do(ctx, first, nil)
	if !HasStatus(err, http.StatusNotFound) && !HasStatus(err, http.StatusMethodNotAllowed) {
		return err
	}
	if other := c.do(ctx, second, nil); !HasStatus(other, http.StatusNotFound) && !HasStatus(other, http.StatusMethodNotAllowed) {
		return other
	}
	return err
}

// onceKey marks contexts in which nothing is repeated.
type onceKey struct{}

// Once makes calls fail at the first failure, for callers that can do without the answer.
func Once(ctx context.Context) context.Context { return context.WithValue(ctx, onceKey{}, true) }

func (c *Client) attempts(ctx context.Context) uint {
	if ctx.Value(onceKey{}) != nil {
		return 1
	}
	return c.options.MaxAttempts
}

// attempt makes the call once.
func (c *Client) attempt(ctx context.Context, call call, body []byte) ([]byte, error) {
	release, err := c.acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", call.method, call.path, err)
	}
	defer release()
	attempt, cancel := context.WithTimeout(ctx, c.options.AttemptTimeout)
	defer cancel()
	base := c.base
	if call.base != "" {
		base = call.base
	}
	request, err := http.NewRequestWithContext(attempt, call.method, base+call.path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", call.method, call.path, err)
	}
	request.Header.Set("Authorization", "Apikey "+c.key)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Accept-Language", "en")
	request.Header.Set("User-Agent", c.options.UserAgent)
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	if !call.reads() {
		// Counted again when done: a list read while the write was under way may or may not show it.
		c.writes.Add(1)
		defer c.writes.Add(1)
	}
	began := time.Now()
	response, err := c.options.HTTP.Do(request)
	if err != nil {
		c.log(ctx, call, began, c.redact(connectionMessage(err)))
		return nil, c.connectionError(call, err)
	}
	c.log(ctx, call, began, fmt.Sprintf("%d %s", response.StatusCode, statusText(response.StatusCode)))
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		if err != nil {
			return nil, c.connectionError(call, err)
		}
		return content, nil
	}
	return nil, c.statusError(call, response, content)
}

// log tells of one attempt: what was called, how it ended, how long it took. Bodies and headers carry secrets and are left out.
func (c *Client) log(ctx context.Context, call call, began time.Time, outcome string) {
	if c.options.Log != nil {
		c.options.Log(ctx, fmt.Sprintf("%s %s: %s in %s", call.method, call.path, outcome, time.Since(began).Round(time.Millisecond)))
	}
}

// connectionError reports that no whole answer came back.
func (c *Client) connectionError(call call, err error) error {
	var operation *net.OpError
	neverSent := errors.As(err, &operation) && operation.Op == "dial"
	return &Error{Method: call.method, Path: call.path, ambiguous: !neverSent, notApplied: neverSent,
		Message: c.redact(connectionMessage(err)), cause: err}
}

// statusError reports an answer that is not a success.
func (c *Client) statusError(call call, response *http.Response, content []byte) error {
	failure := &Error{Method: call.method, Path: call.path, Status: response.StatusCode}
	failure.Message, failure.Details, failure.structured = parseErrorBody(content)
	failure.Message = c.redact(failure.Message)
	for i := range failure.Details {
		failure.Details[i] = c.redact(failure.Details[i])
	}
	switch {
	case response.StatusCode == http.StatusTooManyRequests:
		failure.notApplied = true
		failure.cause = retryAfter(response.Header.Get("Retry-After"))
	case response.StatusCode >= 500:
		failure.ambiguous = true
		failure.cause = retryAfter(response.Header.Get("Retry-After"))
	}
	return failure
}

// redact keeps the key out of messages, should something echo the request.
func (c *Client) redact(message string) string {
	return strings.ReplaceAll(message, c.key, "[API key]")
}

// retryAfter is the error that makes the repetition wait as long as the API asked for, or nil when it asked for nothing.
func retryAfter(header string) error {
	var pause time.Duration
	if seconds, err := strconv.Atoi(strings.TrimSpace(header)); err == nil && seconds >= 0 {
		pause = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		pause = max(0, time.Until(date))
	} else {
		return nil
	}
	return &backoff.RetryAfterError{Duration: min(pause, maxRetryAfter)}
}

// repeatable tells whether the call may simply be made again after it failed like that. A POST or PATCH that may have been
// applied may not: the caller has to look first. PUT and DELETE come to the same however often they are made, nearly always.
func repeatable(call call, err error) bool {
	var failure *Error
	if !errors.As(err, &failure) || errors.Is(err, context.Canceled) {
		return false
	}
	if failure.notApplied {
		return true
	}
	switch {
	case call.reads(), call.method == http.MethodPut, call.method == http.MethodDelete:
		return failure.ambiguous && !call.counted
	}
	return false
}

// page is one page of a list of the CDN's.
type page[T any] struct {
	Data []T `json:"data"`
	Meta struct {
		LastPage Integer `json:"last_page"`
	} `json:"meta"`
}

func (*page[T]) isEnvelope() {}

// decode reads a success's body: the part "data" if there is one, else all of it (some calls answer without the envelope).
func decode(content []byte, answer any) error {
	if _, whole := answer.(interface{ isEnvelope() }); whole {
		return json.Unmarshal(content, answer)
	}
	var envelope struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(content, &envelope); err == nil && len(envelope.Data) > 0 {
		content = envelope.Data
	}
	return json.Unmarshal(content, answer)
}
