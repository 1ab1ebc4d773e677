package main

import (
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gotest.tools/v3/assert"
)

// The platform's own script copies out of one server into another, which keeps no versions, and back after a loss.
func TestThePlatformsScriptCopiesOutAndBack(t *testing.T) {
	script, err := os.ReadFile("../../../components/objectstore/copy.sh")
	assert.NilError(t, err)
	program, err := os.Executable()
	assert.NilError(t, err)
	bin := t.TempDir()
	assert.NilError(t, os.Symlink(program, filepath.Join(bin, "mc")))
	env := []string{"PATH=" + bin + ":" + os.Getenv("PATH")}
	stores := map[string]*s3.Client{}
	for name, bucket := range map[string]string{"store": "media", "copy": "outside"} {
		made, err := newServer(t.TempDir(), login{"root", name + "-secret"})
		assert.NilError(t, err)
		assert.NilError(t, made.stores.change(change{Bucket: bucket}))
		served := httptest.NewServer(made.handler())
		t.Cleanup(served.Close)
		address := strings.Replace(served.URL, "http://", "http://root:"+name+"-secret@", 1)
		t.Setenv("MC_HOST_"+name, address)
		env = append(env, "MC_HOST_"+name+"="+address)
		stores[name] = clientOf(alias(name))
	}
	run := func(from, to, replace string) (string, error) {
		cmd := exec.Command("sh", "-euc", string(script))
		cmd.Env = append(env, "HOME="+t.TempDir(), "FROM="+from, "TO="+to, "REPLACE="+replace)
		output, err := cmd.CombinedOutput()
		return string(output), err
	}
	put := func(key, text string) {
		_, err := stores["store"].PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("media"), Key: &key, Body: strings.NewReader(text)})
		assert.NilError(t, err)
	}
	put("a/1", "one")
	put(`2 "quoted" & é`, "two")
	output, err := run("store/media", "copy/outside/media/prod", "yes")
	assert.ErrorContains(t, err, "exit status 1")
	assert.Assert(t, strings.Contains(output, "2 files in store/media, 2 in copy/outside/media/prod, 0 missing"), output)
	assert.Assert(t, strings.Contains(output, "keeps no older versions"), output)

	_, err = stores["store"].DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("media"), Key: aws.String("a/1")})
	assert.NilError(t, err)
	put(`2 "quoted" & é`, "newer than the copy")
	output, err = run("copy/outside/media/prod", "store/media", "")
	assert.NilError(t, err, output)
	for key, wanted := range map[string]string{"a/1": "one", `2 "quoted" & é`: "newer than the copy"} {
		read, err := stores["store"].GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("media"), Key: &key})
		assert.NilError(t, err)
		text, err := io.ReadAll(read.Body)
		assert.NilError(t, errors.Join(err, read.Body.Close()))
		assert.Equal(t, string(text), wanted)
	}
}
