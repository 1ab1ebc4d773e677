package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// socket is the daemon's; tests of a stand-in alone put another one there.
func socket() string {
	if path := os.Getenv("SANDBOX_GUEST_SOCKET"); path != "" {
		return path
	}
	return guestapi.Socket
}

var client = &http.Client{Transport: &http.Transport{
	DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", socket())
	},
}}

// refusal is an answer of the daemon that is no success.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

// refused tells whether the daemon answered with this HTTP status.
func refused(err error, status int) bool {
	var answer *refusal
	return errors.As(err, &answer) && answer.status == status
}

// call asks the daemon and decodes its answer into result, unless that is nil.
func call(method, path string, request, result any) error {
	body, err := open(method, path, request)
	if err != nil {
		return err
	}
	defer body.Close()
	if result == nil {
		return nil
	}
	return json.NewDecoder(body).Decode(result)
}

// open asks the daemon and returns its answer's body.
func open(method, path string, request any) (io.ReadCloser, error) {
	var encoded bytes.Buffer
	if request != nil {
		if err := json.NewEncoder(&encoded).Encode(request); err != nil {
			return nil, err
		}
	}
	httpRequest, err := http.NewRequest(method, "http://sandbox"+path, &encoded)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(httpRequest)
	if err != nil {
		return nil, fmt.Errorf("the sandbox's daemon does not answer: %w", err)
	}
	if response.StatusCode == http.StatusOK {
		return response.Body, nil
	}
	defer response.Body.Close()
	var answer guestapi.Error
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		answer.Message = "the sandbox's daemon answered " + response.Status
	}
	return nil, &refusal{response.StatusCode, answer.Message}
}
