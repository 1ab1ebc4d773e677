package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gotest.tools/v3/assert"
)

// The test is the client, too: a script finds it as mc.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "mc" {
		main()
		return
	}
	os.Exit(m.Run())
}

// The platform's own script reaches what it wants, also of a server that comes back empty.
func TestThePlatformsScriptSetsItUp(t *testing.T) {
	script, err := os.ReadFile("../../../components/objectstore/reconcile.sh")
	assert.NilError(t, err)
	bin, home := t.TempDir(), t.TempDir()
	program, err := os.Executable()
	assert.NilError(t, err)
	assert.NilError(t, os.Symlink(program, filepath.Join(bin, "mc")))
	dir := t.TempDir()
	made, err := newServer(dir, login{"root", "rootsecret"})
	assert.NilError(t, err)
	served := httptest.NewServer(made.handler())
	t.Cleanup(served.Close)
	host := strings.TrimPrefix(served.URL, "http://")

	reconcile := func(secret string) {
		t.Helper()
		cmd := exec.Command("sh", "-eu", "-c", string(script))
		cmd.Env = []string{
			"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + home, "BUCKETS=static media", "PUBLIC_BUCKET=static",
			`POLICY={"Statement": [{"Effect": "Allow", "Resource": ["arn:aws:s3:::static/*", "arn:aws:s3:::media/*"]}]}`, "PUBLIC_POLICY={}",
			"MC_HOST_root=http://root:rootsecret@" + host, "MC_HOST_app=http://exchange:" + secret + "@" + host,
			"ACCESS_KEY=exchange", "SECRET_KEY=" + secret,
			"VERSIONED_BUCKET=media", `OLD_VERSIONS={"Rules": [{"ID": "old-versions"}]}`, "QUOTA=3GiB",
		}
		output, err := cmd.CombinedOutput()
		assert.NilError(t, err, string(output))
	}
	as := func(key, secret string) *s3.Client {
		return s3.New(s3.Options{BaseEndpoint: &served.URL, UsePathStyle: true, Region: region,
			Credentials: credentials.NewStaticCredentialsProvider(key, secret, "")})
	}
	put := func(client *s3.Client, bucket string) error {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("a/b"), Body: strings.NewReader("text")})
		return err
	}
	read := func(path string) (int, string) {
		response, err := http.Get(served.URL + path)
		assert.NilError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		assert.NilError(t, err)
		return response.StatusCode, string(text)
	}

	reconcile("first")
	for _, bucket := range []string{"static", "media"} {
		assert.NilError(t, put(as("exchange", "first"), bucket))
	}
	assert.DeepEqual(t, made.stores.known.Promises["media"], promises{true, []byte(`{"Rules":[{"ID":"old-versions"}]}`), "3GiB"})
	status, text := read("/static/a/b")
	assert.Equal(t, status, http.StatusOK)
	assert.Equal(t, text, "text")
	status, _ = read("/media/a/b")
	assert.Equal(t, status, http.StatusForbidden)
	status, _ = read("/.minio.sys/known.json")
	assert.Assert(t, status != http.StatusOK)
	status, _ = read("/minio/health/ready")
	assert.Equal(t, status, http.StatusOK)
	_, text = read("/minio/v2/metrics/cluster")
	assert.Assert(t, strings.Contains(text, "minio_cluster_usage_total_bytes "), text)

	reconcile("second")
	assert.NilError(t, put(as("exchange", "second"), "media"))
	assert.ErrorContains(t, put(as("exchange", "first"), "media"), "SignatureDoesNotMatch")
	assert.ErrorContains(t, put(as("stranger", "first"), "media"), "InvalidAccessKeyId")

	again, err := newServer(dir, login{"root", "rootsecret"})
	assert.NilError(t, err)
	served.Config.Handler = again.handler()
	assert.NilError(t, put(as("exchange", "second"), "media"), "what was told is known after a restart")

	assert.NilError(t, os.RemoveAll(dir))
	begun, err := newServer(dir, login{"root", "rootsecret"})
	assert.NilError(t, err)
	served.Config.Handler = begun.handler()
	reconcile("second")
	assert.NilError(t, put(as("exchange", "second"), "media"))
}

// The four servers of one store are one, to whom the others lead.
func TestSeveralServersAreOne(t *testing.T) {
	const drives = "http://minio-{0...3}.minio-svc.objectstore.svc/export"
	for host, wanted := range map[string][2]string{
		"minio-0": {"/export", ""},
		"minio-3": {"", "minio-0.minio-svc.objectstore.svc"},
	} {
		dir, first, err := member(drives, host)
		assert.NilError(t, err)
		assert.Equal(t, [2]string{dir, first}, wanted)
	}
	dir, first, err := member("/export", "minio-5f7")
	assert.NilError(t, err)
	assert.Equal(t, dir+first, "/export")
	_, _, err = member("https://a{0...3}/export", "a0")
	assert.ErrorContains(t, err, "does not know the drives")

	made, err := newServer(t.TempDir(), login{"root", "rootsecret"})
	assert.NilError(t, err)
	served := httptest.NewServer(made.handler())
	t.Cleanup(served.Close)
	other := httptest.NewServer(through(strings.TrimPrefix(served.URL, "http://")))
	t.Cleanup(other.Close)
	assert.NilError(t, made.stores.change(change{Bucket: "media"}))
	client := s3.New(s3.Options{BaseEndpoint: &other.URL, UsePathStyle: true, Region: region,
		Credentials: credentials.NewStaticCredentialsProvider("root", "rootsecret", "")})
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("media"), Key: aws.String("a"), Body: strings.NewReader("text")})
	assert.NilError(t, err, "a signature is of the host that was asked")
	response, err := http.Get(other.URL + "/minio/health/ready")
	assert.NilError(t, err)
	assert.NilError(t, response.Body.Close())
	assert.Equal(t, response.StatusCode, http.StatusOK)
}
