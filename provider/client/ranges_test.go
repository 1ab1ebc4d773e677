package client

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestRangesOfTheCDN(t *testing.T) {
	for text, wanted := range map[string]string{
		"2.144.3.128/28\r\n\n# Tehran\n185.143.232.0/22\n2.144.3.128/28\n": "185.143.232.0/22 2.144.3.128/28",
		"185.143.232.9\n":                   "185.143.232.9/32",
		"<!doctype html><title>403</title>": `is no list of the CDN's ranges: it holds "<!doctype html><title>403</title>"`,
		"185.143.232.0/22\nError\n":         `it holds "Error"`,
		"0.0.0.0/0\n":                       "it holds 0.0.0.0/0, which is wider than any CDN",
		"\n":                                "it is empty",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
			assert.Check(t, request.URL.Path == "/en/ips.txt" && request.Header.Get("Authorization") == "", "the key is for the API alone")
			_, _ = response.Write([]byte(text))
		}))
		client, err := New(Options{Endpoint: server.URL, APIKey: "key"})
		assert.NilError(t, err)
		ranges, err := client.EdgeRanges(t.Context())
		server.Close()
		if err != nil {
			assert.ErrorContains(t, err, wanted)
			continue
		}
		assert.Equal(t, strings.Join(ranges, " "), wanted)
	}
}

func TestRangesThatCannotBeHad(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	client, err := New(Options{Endpoint: server.URL, APIKey: "key"})
	assert.NilError(t, err)
	_, err = client.EdgeRanges(t.Context())
	assert.ErrorContains(t, err, "answers 404 Not Found")
	server.Close()
	_, err = client.EdgeRanges(t.Context())
	assert.ErrorContains(t, err, "the list of the CDN's ranges: ")
}
