package storage

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gotest.tools/v3/assert"
)

// followed is what a browser gets for a link.
func followed(t *testing.T, link string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	assert.NilError(t, err)
	answer, err := http.DefaultClient.Do(request)
	assert.NilError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	assert.NilError(t, err)
	return answer.StatusCode, string(body)
}

// signedLink puts an object and makes a link to it with Amazon's own SDK.
func signedLink(t *testing.T, client *s3.Client, key string) string {
	t.Helper()
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader("a picture")})
	assert.NilError(t, err)
	request, err := s3.NewPresignClient(client).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String(key)}, s3.WithPresignExpires(time.Minute))
	assert.NilError(t, err)
	return request.URL
}

func TestALinkIsFollowedWithoutAKey(t *testing.T) {
	_, client := sdk(t)
	status, body := followed(t, signedLink(t, client, "pictures/one & more+2"))
	assert.Equal(t, status, http.StatusOK, body)
	assert.Equal(t, body, "a picture")
}

func TestALinkHoldsForWhatItWasSignedForOnly(t *testing.T) {
	storage, client := sdk(t)
	link := signedLink(t, client, "one")
	signedLink(t, client, "two")
	host, err := url.Parse(link)
	assert.NilError(t, err)
	for name, changed := range map[string]string{
		"another object": strings.Replace(link, "/backups/one", "/backups/two", 1),
		"another name":   strings.Replace(link, host.Hostname(), "localhost", 1),
		"a longer time":  strings.Replace(link, "X-Amz-Expires=60", "X-Amz-Expires=600", 1),
		"another user":   strings.Replace(link, "the-user", "an-other", 1),
		"no signature":   strings.Split(link, "?")[0],
	} {
		t.Run(name, func(t *testing.T) {
			assert.Assert(t, changed != link)
			status, body := followed(t, changed)
			assert.Equal(t, status, http.StatusForbidden, body)
		})
	}
	storage.now = func() time.Time { return time.Now().Add(2 * time.Minute) }
	status, body := followed(t, link)
	assert.Equal(t, status, http.StatusForbidden)
	assert.Assert(t, strings.Contains(body, "Request has expired"), body)
}

func TestObjectsOfAPublicBucketAreEverybodysToReadOnly(t *testing.T) {
	storage, client := sdk(t)
	link := strings.Split(signedLink(t, client, "style.css"), "?")[0]
	storage.options.Public = []string{*bucket}
	status, _ := followed(t, link)
	assert.Equal(t, status, http.StatusOK)
	status, body := followed(t, strings.TrimSuffix(link, "style.css"))
	assert.Equal(t, status, http.StatusForbidden, body) // nobody may list
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/backups/style.css", strings.NewReader("worse"))
	answer := httptest.NewRecorder()
	storage.ServeHTTP(answer, request)
	assert.Equal(t, answer.Code, http.StatusForbidden, answer.Body.String())
}

func TestWhatAnObjectIsFollowsFromItsName(t *testing.T) {
	storage, client := sdk(t)
	storage.options.Public = []string{*bucket}
	for name, kind := range map[string]string{"static/style.e8ab.css": "text/css; charset=utf-8", "media/a.png": "image/png", "wal/000000010000": "application/octet-stream"} {
		signedLink(t, client, name)
		answer := httptest.NewRecorder()
		storage.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/backups/"+name, nil))
		assert.Equal(t, answer.Code, http.StatusOK)
		assert.Equal(t, answer.Header().Get("Content-Type"), kind)
	}
}
