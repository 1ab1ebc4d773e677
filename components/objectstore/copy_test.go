package objectstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// storages stands for MinIO's client before two storages: each is a folder of its alias, with a folder for each bucket, and older
// versions of a bucket that keeps them are in another one. Where there is a file "denied" it does as the real one: nothing, with success.
const storages = `echo "$*" >>"$DIR/arguments"
json() { [ "$1" = --json ] || { echo "not in JSON: $*" >&2; exit 1; }; }
last() { for each; do :; done; printf '%s' "$DIR/${each%/}"; }
case "$*" in
  *"version info "*)
    json "$@"; bucket=${4#*/}; status=; [ ! -e "$DIR/versions/${bucket%%/*}" ] || status=Enabled
    echo '{"Op":"info","status":"success","url":"'"$4"'","versioning":{"status":"'"$status"'","MFADelete":""}}' ;;
  *"ls --recursive "*)
    json "$@"; mkdir -p "$(last "$@")"; cd "$(last "$@")"
    find . -type f | while read -r file; do
      echo '{"status":"success","type":"file","lastModified":"2026-11-27T00:15:00Z","size":'"$(($(wc -c <"$file")))"',"key":"'"${file#./}"'","etag":"0","url":"http://store/media/","versionOrdinal":1}'
    done ;;
  "--quiet mirror "*)
    case " $* " in *" --remove "*) echo "nothing is deleted" >&2; exit 1 ;; esac
    [ ! -e "$DIR/denied" ] || exit 0
    for each; do from=${to:-}; to=$DIR/${each%/}; done
    cd "$from"
    find . -type f | while read -r file; do
      if [ -e "$to/$file" ]; then
        case " $* " in *" --overwrite "*) ;; *) continue ;; esac
        cmp -s "$file" "$to/$file" && continue
        bucket=${to#"$DIR/copy/"}
        [ ! -e "$DIR/versions/${bucket%%/*}" ] || cp "$to/$file" "$DIR/versions/${bucket%%/*}/$(basename "$file")"
      fi
      mkdir -p "$(dirname "$to/$file")"; cp "$file" "$to/$file"
    done
    [ ! -e "$DIR/broken" ] || exit 1 ;;
  *) echo "unknown: $*" >&2; exit 1 ;;
esac`

const copied = "copy/outside/media/" + mocktest.Stack

// world is both storages, and the two ways between them.
type world struct {
	t             *testing.T
	dir           string
	copy, restore *mocktest.Resource
}

func newWorld(t *testing.T) *world {
	t.Helper()
	config := fourServers()
	config.Copy = objectstore.Copy{
		Enabled: true, Endpoint: "https://s3.example", Bucket: "outside", AccessKey: "the-copys-key", SecretKey: mocktest.Generated + "/of+the=copy", Schedule: "15 0 * * *",
	}
	r := mocktest.Run(t, programOf(config, func(*pulumi.Context, *objectstore.ObjectStore) {}))
	w := &world{t, t.TempDir(), r.Get(t, "objectstore-copy-schedule"), r.Get(t, "objectstore-copy-restore")}
	assert.NilError(t, os.MkdirAll(filepath.Join(w.dir, "versions/outside"), 0o700))
	assert.NilError(t, os.MkdirAll(filepath.Join(w.dir, "store/media"), 0o700))
	return w
}

func (w *world) write(file, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, file)
	assert.NilError(w.t, os.MkdirAll(filepath.Dir(path), 0o700))
	assert.NilError(w.t, os.WriteFile(path, []byte(text), 0o600))
}

// read is a file's text; empty if it is not there.
func (w *world) read(file string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, file))
	if !os.IsNotExist(err) {
		assert.NilError(w.t, err)
	}
	return string(text)
}

func (w *world) run(way *mocktest.Resource) (string, error) {
	w.t.Helper()
	output, err := way.RunScheduled(w.t, map[string]string{"mc": storages}, map[string]string{
		"DIR": w.dir, "STORE_ACCESS_KEY": "exchange", "STORE_SECRET_KEY": "store-secret", "COPY_ACCESS_KEY": "the-copys-key", "COPY_SECRET_KEY": "copy-secret",
	})
	for _, secret := range []string{"store-secret", "copy-secret"} {
		assert.Assert(w.t, !strings.Contains(w.read("arguments")+output, secret))
	}
	return output, err
}

func TestTheCopyLosesNothingThatTheStoreLoses(t *testing.T) {
	w := newWorld(t)
	w.write("store/media/passports/1", "one")
	w.write("store/media/2", "two")
	output, err := w.run(w.copy)
	assert.NilError(t, err, output)
	assert.Assert(t, strings.Contains(output, "2 files in store/media, 2 in "+copied+", 0 missing there or of another size"), output)

	assert.NilError(t, os.Remove(filepath.Join(w.dir, "store/media/passports/1")))
	w.write("store/media/2", "rubbish")
	w.write("store/media/3", "three")
	output, err = w.run(w.copy)
	assert.NilError(t, err, output)
	assert.Assert(t, strings.Contains(output, "2 files in store/media, 3 in "), output)
	assert.Equal(t, w.read(copied+"/passports/1"), "one")
	assert.Equal(t, w.read(copied+"/2"), "rubbish")
	assert.Equal(t, w.read("versions/outside/2"), "two")
}

// The way back, with the same script.
func TestALostStoreIsFilledFromTheCopy(t *testing.T) {
	w := newWorld(t)
	w.write("store/media/passports/1", "one")
	w.write("store/media/2", "two")
	output, err := w.run(w.copy)
	assert.NilError(t, err, output)

	assert.NilError(t, os.RemoveAll(filepath.Join(w.dir, "store/media")))
	w.write("store/media/2", "uploaded again since")
	output, err = w.run(w.restore)
	assert.NilError(t, err, output)
	assert.Equal(t, w.read("store/media/passports/1"), "one")
	assert.Equal(t, w.read("store/media/2"), "uploaded again since", "what is there is newer")
	assert.Assert(t, strings.Contains(output, "2 files in "+copied+", 2 in store/media, 0 missing"), output)
}

// MinIO's client says that all is well where it may not write.
func TestACopyThatIsNotWholeFails(t *testing.T) {
	w := newWorld(t)
	w.write("store/media/1", "one")
	w.write("denied", "")
	output, err := w.run(w.copy)
	assert.ErrorContains(t, err, "exit status 1")
	assert.Assert(t, strings.Contains(output, `3,"key":"1`) && strings.Contains(output, "not everything is in "+copied), output)

	assert.NilError(t, os.Remove(filepath.Join(w.dir, "denied")))
	w.write("broken", "")
	output, err = w.run(w.copy)
	assert.ErrorContains(t, err, "exit status 1")
	assert.Assert(t, strings.Contains(output, "1 files in store/media, 1 in ") && strings.Contains(output, "mc could not copy everything"), output)
}

// A bucket that keeps one version only would keep what somebody wrote over a file.
func TestWithoutVersionsNothingIsOverwrittenAndSomebodyIsTold(t *testing.T) {
	w := newWorld(t)
	assert.NilError(t, os.RemoveAll(filepath.Join(w.dir, "versions")))
	w.write("store/media/1", "one")
	output, err := w.run(w.copy)
	assert.ErrorContains(t, err, "exit status 1")
	assert.Assert(t, strings.Contains(output, "keeps no older versions"), output)
	assert.Equal(t, w.read(copied+"/1"), "one")

	w.write("store/media/1", "rubbish")
	w.write("store/media/2", "two")
	output, err = w.run(w.copy)
	assert.ErrorContains(t, err, "exit status 1")
	assert.Assert(t, strings.Contains(output, "1 missing there or of another size"), output)
	assert.Equal(t, w.read(copied+"/1"), "one")
	assert.Equal(t, w.read(copied+"/2"), "two")
}

func TestCopiesOneAfterTheOther(t *testing.T) {
	w := newWorld(t)
	spec := func(of *mocktest.Resource) map[string]any {
		return mocktest.Plain(resource.NewProperty(of.Inputs)).(map[string]any)["spec"].(map[string]any)
	}
	for _, way := range []struct {
		of        *mocktest.Resource
		suspended bool
	}{{w.copy, false}, {w.restore, true}} {
		made := spec(way.of)
		assert.Equal(t, made["concurrencyPolicy"], "Forbid")
		assert.Equal(t, made["schedule"], "15 0 * * *")
		assert.Equal(t, made["suspend"], way.suspended)
		job := made["jobTemplate"].(map[string]any)["spec"].(map[string]any)
		assert.Equal(t, job["activeDeadlineSeconds"], 72000.0)
		pod := job["template"].(map[string]any)["spec"].(map[string]any)
		assert.Equal(t, pod["automountServiceAccountToken"], false)
		assert.Equal(t, pod["restartPolicy"], "Never", "what a failed try has written stays to be read")
		assert.Equal(t, pod["securityContext"].(map[string]any)["runAsNonRoot"], true)
		assert.Assert(t, !way.of.Protect, "it keeps no data")
	}
}

// What copies files has keys of another account: it must reach nothing but the two storages.
func TestWhatCopiesFilesReachesTheStoragesOnly(t *testing.T) {
	config := objectstore.Config{Engine: objectstore.MinIO, Mode: objectstore.Standalone, StaticBucket: "static", MediaBucket: "media", MaxSizeGiB: 5}
	config.Copy = objectstore.Copy{Enabled: true, Endpoint: "https://198.51.100.7:9443", Bucket: "outside", AccessKey: "a", SecretKey: "s", Schedule: "15 0 * * *"}
	r := mocktest.Run(t, programOf(config, func(*pulumi.Context, *objectstore.ObjectStore) {}))
	r.CheckEngine(t, "copied")
	policy := mocktest.Plain(r.Get(t, "objectstore-copy-policy").Inputs["spec"]).(map[string]any)
	pods := mocktest.Plain(r.Get(t, "objectstore-copy-schedule").Inputs["spec"]).(map[string]any)["jobTemplate"].(map[string]any)["spec"].(map[string]any)["template"]
	assert.DeepEqual(t, policy["podSelector"], map[string]any{"matchLabels": pods.(map[string]any)["metadata"].(map[string]any)["labels"]})
	egress := policy["egress"].([]any)
	assert.DeepEqual(t, egress[0], map[string]any{"to": []any{map[string]any{"podSelector": map[string]any{}}}})
	assert.DeepEqual(t, egress[2], map[string]any{
		"to":    []any{map[string]any{"ipBlock": map[string]any{"cidr": "198.51.100.7/32"}}},
		"ports": []any{map[string]any{"port": 9443.0, "protocol": "TCP"}},
	})
	assert.Equal(t, len(egress), 3)
}
