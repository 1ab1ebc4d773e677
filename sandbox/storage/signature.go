package storage

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// credential is what a signed request says of who signed it, for where, and what of it.
var credential = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=[0-9a-f]{64}$`)

// maxSkew is how far the clocks of client and storage may be apart.
const maxSkew = 15 * time.Minute

// authorize refuses a request that was not signed by the one user: it signs the same request itself, and compares.
func (s *Storage) authorize(r *http.Request) error {
	given := r.Header.Get("Authorization")
	parts := credential.FindStringSubmatch(strings.ReplaceAll(given, ",Signed", ", Signed"))
	if parts == nil {
		return refuse(http.StatusForbidden, "AccessDenied", "the request is not signed with version 4 for s3")
	}
	if parts[1] != s.options.AccessKey {
		return refuse(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	}
	if parts[3] != s.options.Region {
		return refuse(http.StatusBadRequest, "AuthorizationHeaderMalformed", fmt.Sprintf("the region %q is wrong; expecting %q", parts[3], s.options.Region))
	}
	signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || signed.Format("20060102") != parts[2] {
		return refuse(http.StatusForbidden, "AccessDenied", "x-amz-date is missing or of another day than the signature")
	}
	if skew := s.now().Sub(signed); skew > maxSkew || skew < -maxSkew {
		return refuse(http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	payload := r.Header.Get("X-Amz-Content-Sha256")
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return err
	}
	for _, name := range strings.Split(parts[4], ";") {
		if name != "host" {
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	err = v4.NewSigner().SignHTTP(r.Context(), aws.Credentials{AccessKeyID: s.options.AccessKey, SecretAccessKey: s.options.SecretKey},
		again, payload, "s3", s.options.Region, signed, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(signature(given)), []byte(signature(again.Header.Get("Authorization")))) != 1 {
		return refuse(http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
	}
	if payload != "UNSIGNED-PAYLOAD" {
		r.Body = &checked{ReadCloser: r.Body, sum: sha256.New(), wanted: payload}
	}
	return nil
}

func signature(authorization string) string {
	_, signature, _ := strings.Cut(authorization, "Signature=")
	return signature
}

// checked is a body that must have the digest that was signed.
type checked struct {
	io.ReadCloser
	sum    hash.Hash
	wanted string
}

// Read reads, and refuses the end of another body than the signed one.
func (c *checked) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.sum.Write(p[:n])
	if err == io.EOF && hex.EncodeToString(c.sum.Sum(nil)) != c.wanted {
		return n, refuse(http.StatusBadRequest, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return n, err
}
