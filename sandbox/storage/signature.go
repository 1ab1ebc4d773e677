package storage

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// credential is what a signed request says of who signed it, for where, and what of it.
var credential = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$`)

// maxSkew is how far the clocks of client and storage may be apart.
const maxSkew = 15 * time.Minute

// authorize refuses a request that was not signed by the one user: it signs the same request itself, and compares. From
// then on the body is what the client has to store, and reading it fails where it is not what was signed.
func (s *Storage) authorize(r *http.Request) error {
	switch {
	case r.URL.Query().Has("X-Amz-Signature"):
		return s.authorizeLink(r)
	case r.Header.Get("Authorization") == "" && s.public(r):
		return nil
	}
	parts := credential.FindStringSubmatch(strings.ReplaceAll(r.Header.Get("Authorization"), ",Signed", ", Signed"))
	if parts == nil {
		return refuse(http.StatusForbidden, "AccessDenied", "the request is not signed with version 4 for s3")
	}
	user, day, region, names, given := parts[1], parts[2], parts[3], strings.Split(parts[4], ";"), parts[5]
	if user != s.options.AccessKey {
		return refuse(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	}
	if region != s.options.Region {
		return refuse(http.StatusBadRequest, "AuthorizationHeaderMalformed", fmt.Sprintf("the region %q is wrong; expecting %q", region, s.options.Region))
	}
	signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || signed.Format("20060102") != day {
		return refuse(http.StatusForbidden, "AccessDenied", "x-amz-date is missing or of another day than the signature")
	}
	if skew := s.now().Sub(signed); skew > maxSkew || skew < -maxSkew {
		return refuse(http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	expected, err := s.sign(r, names, signed)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(given), []byte(expected)) != 1 {
		return refuse(http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
	}
	return openPayload(r, &chain{key: signingKey(s.options.SecretKey, day, region), last: given,
		date: r.Header.Get("X-Amz-Date"), scope: day + "/" + region + "/s3/aws4_request"})
}

// sign is the signature that the user's request would have, of the headers of these names.
func (s *Storage) sign(r *http.Request, names []string, at time.Time) (string, error) {
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		switch name {
		case "host":
		case "content-length": // no header to the server, but a part of the request
			again.ContentLength = r.ContentLength
		default:
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	user := aws.Credentials{AccessKeyID: s.options.AccessKey, SecretAccessKey: s.options.SecretKey}
	err = v4.NewSigner().SignHTTP(r.Context(), user, again, r.Header.Get("X-Amz-Content-Sha256"), "s3", s.options.Region, at,
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	_, signature, _ := strings.Cut(again.Header.Get("Authorization"), "Signature=")
	return signature, err
}

// chain signs the pieces of a streamed body, each together with the signature before it.
type chain struct {
	key               []byte
	last, date, scope string
}

// follows tells whether a piece has the next signature of the chain.
func (c *chain) follows(given, kind string, sums ...string) bool {
	text := strings.Join(append([]string{"AWS4-HMAC-SHA256-" + kind, c.date, c.scope, c.last}, sums...), "\n")
	c.last = hex.EncodeToString(keyed(c.key, text))
	return subtle.ConstantTimeCompare([]byte(given), []byte(c.last)) == 1
}

func signingKey(secret, day, region string) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range []string{day, region, "s3", "aws4_request"} {
		key = keyed(key, part)
	}
	return key
}

func keyed(key []byte, text string) []byte {
	sum := hmac.New(sha256.New, key)
	sum.Write([]byte(text))
	return sum.Sum(nil)
}
