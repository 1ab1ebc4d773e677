package storage

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// A link carries in its query what other requests have in their headers: browsers follow it without any key.

// scope is what a link says of who signed it, and for where.
var scope = regexp.MustCompile(`^([^/]+)/(\d{8})/([^/]+)/s3/aws4_request$`)

// longestLink is how long a link may hold at the most.
const longestLink = 7 * 24 * time.Hour

// authorizeLink refuses a link that the one user did not sign, or whose time is over.
func (s *Storage) authorizeLink(r *http.Request) error {
	query := r.URL.Query()
	parts := scope.FindStringSubmatch(query.Get("X-Amz-Credential"))
	if parts == nil || query.Get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" {
		return refuse(http.StatusBadRequest, "AuthorizationQueryParametersError", "the link is not signed with version 4 for s3")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return unknown("links that write")
	}
	user, day, region := parts[1], parts[2], parts[3]
	if user != s.options.AccessKey {
		return refuse(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	}
	if region != s.options.Region {
		return refuse(http.StatusBadRequest, "AuthorizationQueryParametersError", fmt.Sprintf("the region %q is wrong; expecting %q", region, s.options.Region))
	}
	signed, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	if err != nil || signed.Format("20060102") != day {
		return refuse(http.StatusBadRequest, "AuthorizationQueryParametersError", "X-Amz-Date is missing or of another day than the signature")
	}
	seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	if holds := time.Duration(seconds) * time.Second; err != nil || holds <= 0 || holds > longestLink {
		return refuse(http.StatusBadRequest, "AuthorizationQueryParametersError", "X-Amz-Expires must be between a second and a week")
	} else if age := s.now().Sub(signed); age > holds || age < -maxSkew {
		return refuse(http.StatusForbidden, "AccessDenied", "Request has expired")
	}
	given := query.Get("X-Amz-Signature")
	expected, rest, err := s.signLink(r, query, signed)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(given), []byte(expected)) != 1 {
		return refuse(http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
	}
	r.URL.RawQuery = rest
	return nil
}

// signLink is the signature that the user's link would have, and what of its query is no part of the signature's own.
func (s *Storage) signLink(r *http.Request, query url.Values, at time.Time) (signature, rest string, err error) {
	names := strings.Split(query.Get("X-Amz-SignedHeaders"), ";")
	for _, name := range []string{"Algorithm", "Credential", "Date", "SignedHeaders", "Signature"} {
		query.Del("X-Amz-" + name)
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.EscapedPath()+"?"+query.Encode(), nil)
	if err != nil {
		return "", "", err
	}
	for _, name := range slices.DeleteFunc(names, func(name string) bool { return name == "host" }) {
		again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
	}
	user := aws.Credentials{AccessKeyID: s.options.AccessKey, SecretAccessKey: s.options.SecretKey}
	link, _, err := v4.NewSigner().PresignHTTP(r.Context(), user, again, "UNSIGNED-PAYLOAD", "s3", s.options.Region, at,
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err != nil {
		return "", "", err
	}
	signedLink, err := url.Parse(link)
	if err != nil {
		return "", "", err
	}
	query.Del("X-Amz-Expires")
	// the signer moves headers of S3's there as well
	for name, values := range query {
		if strings.HasPrefix(name, "X-Amz-") {
			r.Header[name] = values
			query.Del(name)
		}
	}
	return signedLink.Query().Get("X-Amz-Signature"), query.Encode(), nil
}

// public tells whether anybody may have what is asked for: an object of a bucket that is open to read.
func (s *Storage) public(r *http.Request) bool {
	bucket, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && name != "" && slices.Contains(s.options.Public, bucket)
}
