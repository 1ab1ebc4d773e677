package objectstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// client stands for MinIO and its client: what the server has is a file each, and its arguments are written down.
const client = `echo "$*" >>"$DIR/arguments"
[ "$1" = --quiet ] && shift
case "$*" in
  "mb --ignore-existing root/"*) touch "$DIR/bucket-${3#root/}" ;;
  "anonymous set-json "*) cp "$3" "$DIR/anonymous-${4#root/}" ;;
  "anonymous set "*) echo "$3" >"$DIR/anonymous-${4#root/}" ;;
  "version enable root/"*) touch "$DIR/versioned-${3#root/}" ;;
  "ilm rule import root/"*) cat >"$DIR/rules-${4#root/}" ;;
  "quota set root/"*) echo "$4 $5" >"$DIR/quota-${3#root/}" ;;
  "admin policy create root exchange "*) cp "$6" "$DIR/policy" ;;
  "admin user add root") { read -r user; read -r key; } && echo "$user=$key" >"$DIR/user" ;;
  "admin policy attach root exchange --user exchange") [ ! -e "$DIR/attached" ] && touch "$DIR/attached" ;;
  "ls app/"*)
    bucket=${2#app/}
    [ -e "$DIR/bucket-${bucket%%/*}" ] && [ -e "$DIR/policy" ] && [ -e "$DIR/attached" ] &&
      [ "$(cat "$DIR/user")" = "$ACCESS_KEY=$SECRET_KEY" ] ;;
  *) echo "unknown: $*" >&2; exit 1 ;;
esac`

func TestWhatIsPromisedOfTheStoreIsBroughtBack(t *testing.T) {
	r := mocktest.Run(t, program(objectstore.MinIO, func(*pulumi.Context, *objectstore.ObjectStore) {}))
	reconciler := r.Get(t, "objectstore-reconciler")
	for name, found := range map[string]map[string]string{
		"its pod was made anew": {},
		"the key is new":        {"bucket-static": "", "bucket-media": "", "policy": "{}", "attached": "", "user": "exchange=old\n"},
		"a bucket is gone":      {"bucket-static": "", "policy": "{}", "attached": "", "user": "exchange=key\n"},
		"the policy is another": {"bucket-static": "", "bucket-media": "", "policy": "{}", "attached": "", "user": "exchange=key\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range found {
				assert.NilError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
			}
			output, err := reconciler.Reconcile(t, map[string]string{"mc": client}, map[string]string{
				"DIR": dir, "ROOT_USER": "root", "ROOT_PASSWORD": "root-password", "ACCESS_KEY": "exchange", "SECRET_KEY": "key",
			})
			assert.NilError(t, err, output)
			read := func(file string) string {
				text, err := os.ReadFile(filepath.Join(dir, file))
				assert.NilError(t, err)
				return string(text)
			}
			assert.Equal(t, read("bucket-static")+read("bucket-media")+read("attached"), "")
			assert.Equal(t, read("user"), "exchange=key\n")
			assert.Assert(t, strings.Contains(read("policy"), `"arn:aws:s3:::media/*"`))
			assert.Equal(t, read("anonymous-media"), "none\n")
			assert.Equal(t, read("anonymous-static"),
				`{"Statement":[{"Action":["s3:GetObject"],"Effect":"Allow","Principal":{"AWS":["*"]},"Resource":["arn:aws:s3:::static/*"]}],"Version":"2012-10-17"}`)
			for _, secret := range []string{"root-password", "=key"} {
				assert.Assert(t, !strings.Contains(read("arguments")+output, secret))
			}
			assert.Assert(t, !strings.Contains(read("arguments"), " key"), read("arguments"))
		})
	}
}

func TestOldVersionsOfMediaAreKeptForAWhileAndWithinAQuota(t *testing.T) {
	run := func(config objectstore.Config) string {
		dir := t.TempDir()
		r := mocktest.Run(t, programOf(config, func(*pulumi.Context, *objectstore.ObjectStore) {}))
		output, err := r.Get(t, "objectstore-reconciler").Reconcile(t, map[string]string{"mc": client}, map[string]string{
			"DIR": dir, "ROOT_USER": "root", "ROOT_PASSWORD": "root-password", "ACCESS_KEY": "exchange", "SECRET_KEY": "key",
		})
		assert.NilError(t, err, output)
		return dir
	}
	config := fourServers()
	dir := run(config)
	for file, wanted := range map[string]string{
		"versioned-media": "",
		"rules-media": `{"Rules":[{"Expiration":{"ExpiredObjectDeleteMarker":true},"ID":"old-versions",` +
			`"NoncurrentVersionExpiration":{"NoncurrentDays":30},"Status":"Enabled"}]}`,
		"quota-media": "--size 32GiB\n",
	} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		assert.NilError(t, err)
		assert.Equal(t, string(text), wanted)
	}
	// the application's key must not reach old versions
	policy, err := os.ReadFile(filepath.Join(dir, "policy"))
	assert.NilError(t, err)
	assert.Assert(t, !strings.Contains(string(policy), "ObjectVersion"), string(policy))

	config.MediaQuotaGiB = 7
	text, err := os.ReadFile(filepath.Join(run(config), "quota-media"))
	assert.NilError(t, err)
	assert.Equal(t, string(text), "--size 7GiB\n")

	// one server's disk would fill with them, and all would be lost
	config.Mode, config.MediaQuotaGiB = objectstore.Standalone, 0
	dir = run(config)
	for _, file := range []string{"versioned-media", "rules-media", "quota-media"} {
		_, err := os.Stat(filepath.Join(dir, file))
		assert.ErrorIs(t, err, os.ErrNotExist)
	}
}

// A new key of the application must not cost its files, which go with the pod of the server; a new password of the
// administrator has no other way in.
func TestANewKeyOfTheApplicationLeavesTheServersPodAlone(t *testing.T) {
	r := mocktest.Run(t, program(objectstore.MinIO, func(*pulumi.Context, *objectstore.ObjectStore) {}))
	release := r.Get(t, "objectstore-release")
	assert.Assert(t, !strings.Contains(strings.Join(release.DependsOn, " "), "objectstore-secret-key"), release.DependsOn)
	assert.Assert(t, strings.Contains(strings.Join(release.DependsOn, " "), "objectstore-root-password"), release.DependsOn)
	assert.DeepEqual(t, r.Waits(t, "objectstore-reconciler", mocktest.PasswordType), []string{"objectstore-root-password", "objectstore-secret-key"})
}
