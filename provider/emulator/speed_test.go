package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/iransre/exchange-platform/provider/emulator"
	"gotest.tools/v3/assert"
)

// BenchmarkReads reads everything that a refresh of a stack of servers reads: what one read costs must grow with the number of
// servers, not faster.
func BenchmarkReads(b *testing.B) {
	for _, count := range []int{10, 100, 500} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			e := filled(b, count)
			for _, path := range []string{"/servers", "/ports", "/networks", "/securities", "/float-ips/ips"} {
				b.Run(path, func(b *testing.B) {
					for b.Loop() {
						assert.Equal(b, ask(e, "GET", zone+path, "").Code, 200)
					}
				})
			}
		})
	}
}

// filled is an emulator with servers that have a public address and one on a private network.
func filled(b *testing.B, count int) *emulator.Emulator {
	b.Helper()
	e, err := emulator.New(emulator.Options{})
	assert.NilError(b, err)
	b.Cleanup(func() { assert.NilError(b, e.Close()) })
	var made struct {
		Data struct {
			NetworkID string `json:"network_id"`
		} `json:"data"`
	}
	answer := ask(e, "POST", zone+"/subnets", `{"name": "cluster", "subnet_ip": "10.0.0.0/16"}`)
	assert.NilError(b, json.Unmarshal(answer.Body.Bytes(), &made))
	order := fmt.Sprintf(`{"name": "web", "flavor_id": "eco-1-1-0", "image_id": "80827085-61a9-45dd-a9b1-04356e8b3987", "network_id": %q,
		"enable_ipv4": true, "key_name": 0, "count": %d}`, made.Data.NetworkID, count)
	assert.Equal(b, ask(e, "POST", zone+"/servers", order).Code, http.StatusCreated)
	for range 5 {
		ask(e, "GET", zone+"/servers", "")
	}
	return e
}

// ask makes a call without a connection in between.
func ask(e *emulator.Emulator, method, path, body string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Authorization", "Apikey "+key)
	e.ServeHTTP(recorder, request)
	return recorder
}
