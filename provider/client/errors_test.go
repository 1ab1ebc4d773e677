package client_test

import (
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/client"
)

func TestErrors(t *testing.T) {
	for name, test := range map[string]struct {
		answer answer
		want   string
	}{
		"empty 401": {answer{status: 401}, "401 Unauthorized (ArvanCloud does not accept the API key: check arvancloud:apiKey or ARVANCLOUD_API_KEY)"},
		"message":   {answer{status: 409, body: `{"message":"Key pair 'admin' already exists."}`}, "409 Conflict: Key pair 'admin' already exists."},
		"fields": {answer{status: 422, body: `{"message":"The given data was invalid.","errors":{"name":["is required"],"ip":["is bad","is worse"]}}`},
			"422 Unprocessable Entity: The given data was invalid.: ip: is bad; ip: is worse; name: is required"},
		"list of lists": {answer{status: 400, body: `{"message":"no","errors":[["a","b"],["c"]]}`}, "400 Bad Request: no: a; b; c"},
		"list":          {answer{status: 400, body: `{"errors":["a","b"]}`}, "400 Bad Request: a; b"},
		"text":          {answer{status: 400, body: `{"errors":"a"}`}, "400 Bad Request: a"},
		"data":          {answer{status: 400, body: `{"data":["a"]}`}, "400 Bad Request: a"},
		"profile": {answer{status: 403, body: `{"message":"Account requires info completion"}`},
			"403 Forbidden: Account requires info completion (complete the account's profile and identity check in ArvanCloud's panel)"},
		"policy": {answer{status: 403, body: `{}`},
			"403 Forbidden (the API key's machine user lacks a policy for this: see Settings > IAM in ArvanCloud's panel)"},
		"funds": {answer{status: 402, body: `{"message":"Insufficient funds."}`},
			"402 Payment Required: Insufficient funds. (the account lacks funds: charge the wallet in ArvanCloud's panel)"},
		"quota": {answer{status: 420, body: `{"message":"Quota exceeded."}`},
			"420 Quota Exceeded: Quota exceeded. (a quota of the account is used up: delete something or ask ArvanCloud's support for more)"},
		"the key is not shown": {answer{status: 400, body: `{"message":"bad header Apikey ` + key + `"}`}, "400 Bad Request: bad header Apikey [API key]"},
	} {
		t.Run(name, func(t *testing.T) {
			a := serve(t, test.answer)
			err := a.CreateSSHKey(t.Context(), "ir-thr-ba1", "admin", "ssh-ed25519 AAAA")
			assert.Error(t, err, "POST /ecc/v1/regions/ir-thr-ba1/ssh-keys: "+test.want)
			assert.Equal(t, len(a.made()), 1)
		})
	}
}

func TestNotFoundIsTheAPIsOwn(t *testing.T) {
	theirs := serve(t, answer{status: 404, body: `{"message":"SSH key not found."}`})
	assert.Assert(t, client.IsNotFound(theirs.DeleteSSHKey(t.Context(), "z", "admin")))
	proxy := serve(t, answer{status: 404, body: "<html>no such page</html>"})
	assert.Assert(t, !client.IsNotFound(proxy.DeleteSSHKey(t.Context(), "z", "admin")), "a page in between is no proof of a deletion")
}
