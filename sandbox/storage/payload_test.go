package storage

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// The examples in Amazon's description of signed chunks: as MinIO's client sends, where there is no TLS.
func TestAmazonsExamplesOfSignedChunks(t *testing.T) {
	storage, err := New(Options{Dir: t.TempDir(), Buckets: []string{"examplebucket"}, Region: "us-east-1",
		AccessKey: "AKIAIOSFODNN7EXAMPLE", SecretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"})
	assert.NilError(t, err)
	t.Cleanup(func() { assert.NilError(t, storage.Close()) })
	storage.now = func() time.Time { return time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC) }
	chunk := func(size, signature, content string) string {
		return size + ";chunk-signature=" + signature + "\r\n" + content + "\r\n"
	}
	plain := chunk("10000", "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", strings.Repeat("a", 65536)) +
		chunk("400", "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", strings.Repeat("a", 1024)) +
		chunk("0", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9", "")
	trailing := chunk("10000", "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2", strings.Repeat("a", 65536)) +
		chunk("400", "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7", strings.Repeat("a", 1024)) +
		"0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n" +
		"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
	common := "content-encoding;%shost;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class%s"
	for name, test := range map[string]struct {
		payload, signature, length, trailer, body string
	}{
		"plain":   {signedChunks, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9", "content-length;", "", plain},
		"trailer": {signedTrailer, "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e", "", ";x-amz-trailer", trailing},
	} {
		names := strings.Replace(strings.Replace(common, "%s", test.length, 1), "%s", test.trailer, 1)
		put := func(body string) *httptest.ResponseRecorder {
			request := httptest.NewRequest(http.MethodPut, "http://s3.amazonaws.com/examplebucket/chunkObject.txt", strings.NewReader(body))
			request.Header = http.Header{"X-Amz-Content-Sha256": {test.payload}, "X-Amz-Date": {"20130524T000000Z"},
				"Content-Encoding": {"aws-chunked"}, "X-Amz-Decoded-Content-Length": {"66560"}, "X-Amz-Storage-Class": {"REDUCED_REDUNDANCY"},
				"Authorization": {"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" +
					names + ",Signature=" + test.signature}}
			if test.trailer != "" {
				request.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32c")
			}
			answer := httptest.NewRecorder()
			storage.ServeHTTP(answer, request)
			return answer
		}
		answer := put(test.body)
		assert.Equal(t, answer.Code, http.StatusOK, "%s: %s", name, answer.Body)
		info, err := storage.root.Stat("examplebucket/chunkObject.txt")
		assert.NilError(t, err)
		assert.Equal(t, info.Size(), int64(66560), name)
		answer = put(strings.Replace(test.body, "aaa", "aab", 1))
		assert.Assert(t, strings.Contains(answer.Body.String(), "SignatureDoesNotMatch"), "%s: %s", name, answer.Body)
		answer = put(test.body[:len(test.body)-200])
		assert.Assert(t, answer.Code >= 400, "%s: a body that was cut: %s", name, answer.Body)
	}
}

// What clients send over TLS: chunks without signatures, and a checksum behind them.
func TestAChecksumBehindTheBody(t *testing.T) {
	for body, want := range map[string]string{
		"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n": "",
		"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n": "BadDigest",
		"5\r\nhello\r\n0\r\n\r\n":                                  "BadDigest",
		"4\r\nhell\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n":  "IncompleteBody",
		"5\r\nhell":                  "IncompleteBody",
		"hello":                      "IncompleteBody",
		"ffffffff\r\nhello\r\n0\r\n": "IncompleteBody",
	} {
		request := httptest.NewRequest(http.MethodPut, "/", strings.NewReader(body))
		request.Header = http.Header{"X-Amz-Content-Sha256": {unsignedTrailer}, "X-Amz-Decoded-Content-Length": {"5"},
			"X-Amz-Trailer": {"x-amz-checksum-crc32"}}
		assert.NilError(t, openPayload(request, nil))
		_, err := io.ReadAll(request.Body)
		if want == "" {
			assert.NilError(t, err, "%q", body)
		} else {
			assert.ErrorContains(t, err, want, "%q", body)
		}
	}
}
