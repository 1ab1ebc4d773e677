package access

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Term is what is known of a token without the token itself.
type Term struct {
	// Issued and Expires are in RFC 3339.
	Issued  string `json:"issued"`
	Expires string `json:"expires"`
	// Renewals counts how often the token was renewed since the grant was made.
	Renewals int `json:"renewals"`
}

// now is the clock.
var now = time.Now

// renewals is the number that the token of this update has: one more than the last one's once half of its life is over. It
// is counted from what the last update left, so that an update that was cut short does not renew twice.
func (last Term) renewals() int {
	issued, issuedErr := time.Parse(time.RFC3339, last.Issued)
	expires, expiresErr := time.Parse(time.RFC3339, last.Expires)
	if issuedErr != nil || expiresErr != nil || now().Before(issued.Add(expires.Sub(issued)/2)) {
		return last.Renewals
	}
	return last.Renewals + 1
}

// termOf is from when until when a token holds, which is not secret.
func termOf(token pulumi.StringOutput) (issued, expires pulumi.StringOutput) {
	when := pulumi.Unsecret(token.ApplyT(func(text string) (map[string]string, error) {
		issued, expires, err := lifetime(text)
		return map[string]string{"issued": issued, "expires": expires}, err
	})).(pulumi.StringMapOutput)
	return when.MapIndex(pulumi.String("issued")), when.MapIndex(pulumi.String("expires"))
}

// lifetime is what a token, a JWT, says of itself. An error must not quote it.
func lifetime(token string) (issued, expires string, err error) {
	parts := strings.Split(strings.TrimSpace(token), ".")
	var claims struct {
		Issued  int64 `json:"iat"`
		Expires int64 `json:"exp"`
	}
	if len(parts) == 3 {
		if text, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(text, &claims) // what is not there stays zero
		}
	}
	if claims.Issued == 0 || claims.Expires == 0 {
		return "", "", errors.New("what the cluster gave for a token is none that expires: look at `kubectl create token` on a control plane")
	}
	stamp := func(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }
	return stamp(claims.Issued), stamp(claims.Expires), nil
}
