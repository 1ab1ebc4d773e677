package storage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

var options = Options{Buckets: []string{"backups"}, AccessKey: "the-user", SecretKey: "the-secret", Region: "here", PageSize: 2}

func serve(t *testing.T) (*Storage, string) {
	t.Helper()
	with := options
	with.Dir = t.TempDir()
	storage, err := New(with)
	assert.NilError(t, err)
	server := httptest.NewServer(storage)
	t.Cleanup(func() {
		server.Close()
		assert.NilError(t, storage.Close())
	})
	return storage, server.URL
}

// client runs Python statements with the client that makes the backups of etcd: storage is one, folder a place for files.
func client(t *testing.T, url string, changed map[string]string, statements string) (string, error) {
	t.Helper()
	settings := map[string]string{"endpoint": url, "bucket": "backups", "region": "here", "accessKey": "the-user", "secretKey": "the-secret"}
	maps.Copy(settings, changed)
	encoded, err := json.Marshal(settings)
	assert.NilError(t, err)
	program := "import json, etcd_backup, sys\nstorage = etcd_backup.Storage(json.load(sys.stdin))\n" + statements
	command := exec.Command("python3", "-c", program)
	runner, err := filepath.Abs("../../components/kubespray/runner/etcd_members")
	assert.NilError(t, err)
	command.Dir = t.TempDir()
	command.Env = append(os.Environ(), "PYTHONPATH="+runner, "PYTHONDONTWRITEBYTECODE=1")
	command.Stdin = bytes.NewReader(encoded)
	output, err := command.CombinedOutput()
	return string(output), err
}

func TestWhatIsPutIsThere(t *testing.T) {
	storage, url := serve(t)
	output, err := client(t, url, nil, `
open("file", "w").write("content")
for name in "etcd/m1/3 & more", "etcd/m1/1", "etcd/m1/2", "etcd/m10/1", "etcd/m1/4", "etcd/m1/5":
    storage.put(name, "file")
storage.delete("etcd/m1/2")
storage.delete("etcd/m1/never-there")
print(storage.list("etcd/m1/"), storage.list("none/"))
print(storage.call("GET", "etcd/m1/1").decode())
`)
	assert.NilError(t, err, output)
	assert.Equal(t, output, "['etcd/m1/1', 'etcd/m1/3 & more', 'etcd/m1/4', 'etcd/m1/5'] []\ncontent\n")
	text, err := os.ReadFile(filepath.Join(storage.options.Dir, "backups", "etcd", "m10", "1"))
	assert.NilError(t, err)
	assert.Equal(t, string(text), "content")
}

func TestRefusals(t *testing.T) {
	storage, url := serve(t)
	for name, test := range map[string]struct {
		changed map[string]string
		clock   time.Duration
		says    string
	}{
		"user":   {map[string]string{"accessKey": "nobody"}, 0, "403 InvalidAccessKeyId: the storage does not know kubernetes.etcdBackup.accessKey"},
		"secret": {map[string]string{"secretKey": "guessed"}, 0, "403 SignatureDoesNotMatch: kubernetes.etcdBackup.secretKey is not the one"},
		"region": {map[string]string{"region": "there"}, 0, "400 AuthorizationHeaderMalformed: kubernetes.etcdBackup.region is not the storage's"},
		"bucket": {map[string]string{"bucket": "others"}, 0, "404 NoSuchBucket: the bucket does not exist"},
		"escape": {map[string]string{"bucket": ".."}, 0, "404 NoSuchBucket"},
		"clock":  {nil, time.Hour, "403 RequestTimeTooSkewed: this machine's clock is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			storage.now = func() time.Time { return time.Now().Add(test.clock) }
			output, err := client(t, url, test.changed, `
open("file", "w").write("x")
for attempt in (lambda: storage.list("etcd/"), lambda: storage.put("etcd/x", "file"), lambda: storage.delete("etcd/x")):
    try:
        print(attempt(), "was accepted")
    except OSError as error:
        print(error)
`)
			assert.NilError(t, err, output)
			assert.Equal(t, strings.Count(output, test.says), 3, output)
		})
	}
	entries, err := os.ReadDir(filepath.Join(storage.options.Dir, "backups"))
	assert.NilError(t, err)
	assert.Equal(t, len(entries), 0, "something was written")
}

// A signature is worth nothing for another request than the signed one.
func TestASignatureIsForOneRequestOnly(t *testing.T) {
	_, url := serve(t)
	output, err := client(t, url, nil, `
headers = {"host": storage.endpoint.netloc, "x-amz-content-sha256": etcd_backup.EMPTY,
           "x-amz-date": etcd_backup.datetime.datetime.now(etcd_backup.datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")}
print(headers["x-amz-date"], etcd_backup.authorization(storage.settings, "PUT", "/backups/one", "", headers), sep="\n")
`)
	assert.NilError(t, err, output)
	date, authorization, _ := strings.Cut(strings.TrimSpace(output), "\n")
	for path, body := range map[string]string{"/backups/two": "", "/backups/one": "another body", "/backups/one?acl": ""} {
		request, err := http.NewRequest(http.MethodPut, url+path, strings.NewReader(body))
		assert.NilError(t, err)
		empty := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		request.Header = http.Header{"X-Amz-Date": {date}, "Authorization": {authorization}, "X-Amz-Content-Sha256": {empty}}
		response, err := http.DefaultClient.Do(request)
		assert.NilError(t, err)
		text, err := io.ReadAll(response.Body)
		assert.NilError(t, err)
		assert.NilError(t, response.Body.Close())
		assert.Assert(t, response.StatusCode >= 400, fmt.Sprint(path, " ", response.Status, " ", string(text)))
	}
}

// boto3 is what Barman and people's scripts use; it is not everywhere.
func TestBoto3(t *testing.T) {
	if exec.Command("python3", "-c", "import boto3").Run() != nil {
		t.Skip("python3 has no boto3 here")
	}
	_, url := serve(t)
	command := exec.Command("python3", "-c", `
import boto3, io, sys
from botocore.config import Config
s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="here", aws_access_key_id="the-user", aws_secret_access_key="the-secret",
                  config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}))
s3.head_bucket(Bucket="backups")
s3.upload_fileobj(io.BytesIO(b"x" * (17 << 20)), "backups", "base/data + 1.tar")
s3.copy({"Bucket": "backups", "Key": "base/data + 1.tar"}, "backups", "copy")
for name in "wals/1", "wals/2", "wals/3":
    s3.put_object(Bucket="backups", Key=name, Body=name)
pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="backups", Delimiter="/"))
print([p["Prefix"] for page in pages for p in page.get("CommonPrefixes", [])], [c["Size"] for page in pages for c in page.get("Contents", [])])
print([c["Key"] for page in s3.get_paginator("list_objects").paginate(Bucket="backups") for c in page["Contents"]])
print(s3.get_object(Bucket="backups", Key="wals/2", Range="bytes=0-3")["Body"].read())
print(len(s3.delete_objects(Bucket="backups", Delete={"Objects": [{"Key": "wals/1"}, {"Key": "wals/2"}]})["Deleted"]))
`, url)
	output, err := command.CombinedOutput()
	assert.NilError(t, err, string(output))
	assert.Equal(t, string(output), `['base/', 'wals/'] [17825792]
['base/data + 1.tar', 'copy', 'wals/1', 'wals/2', 'wals/3']
b'wals'
2
`)
}
