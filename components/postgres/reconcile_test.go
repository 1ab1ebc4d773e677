package postgres_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// psql lets in who has the server's password, and sets all of them when it is told to; it writes down its arguments.
const psql = `echo "$*" >>"$DIR/arguments"
grep -qx "$PGUSER=$PGPASSWORD" "$DIR/server" || exit 2
case $(cat) in *"ALTER ROLE postgres PASSWORD"*)
  printf '%s\n' "postgres=$SUPERUSER_PASSWORD" "reconciler=$RECONCILER_PASSWORD" "$APP_USER=$APP_PASSWORD" >"$DIR/server" ;;
esac`

// The data of a running server stays where it is: only its passwords change.
func TestANewPasswordReachesTheRunningServer(t *testing.T) {
	const before = "postgres=s1\nreconciler=r1\napp=a1\n"
	for name, test := range map[string]struct{ server, superuser, reconciler, app, fails string }{
		"nothing is new":           {before, "s1", "r1", "a1", ""},
		"the application's":        {before, "s1", "r1", "a2", ""},
		"the superuser's":          {before, "s2", "r1", "a1", ""},
		"the reconciler's":         {before, "s1", "r2", "a1", ""},
		"of an empty server":       {"postgres=s1\napp=a1\n", "s1", "r1", "a1", ""},
		"all of them at once":      {before, "s2", "r2", "a2", "neither postgres nor reconciler gets in"},
		"the server is not up yet": {"", "s1", "r1", "a1", "neither postgres nor reconciler gets in"},
	} {
		t.Run(name, func(t *testing.T) {
			reconciler := mocktest.Run(t, program(postgres.Bitnami, func(*pulumi.Context, *postgres.Postgres) {})).Get(t, "postgres-reconciler")
			dir := t.TempDir()
			assert.NilError(t, os.WriteFile(filepath.Join(dir, "server"), []byte(test.server), 0o600))
			output, err := reconciler.Reconcile(t, map[string]string{"psql": psql}, map[string]string{
				"DIR": dir, "SUPERUSER_PASSWORD": test.superuser, "RECONCILER_PASSWORD": test.reconciler, "APP_PASSWORD": test.app,
			})
			server, _ := os.ReadFile(filepath.Join(dir, "server"))
			if test.fails != "" {
				assert.Assert(t, err != nil)
				assert.Assert(t, strings.Contains(output, test.fails), output)
				assert.Equal(t, string(server), test.server)
				return
			}
			assert.NilError(t, err, output)
			assert.Equal(t, string(server), "postgres="+test.superuser+"\nreconciler="+test.reconciler+"\napp="+test.app+"\n")
			arguments, err := os.ReadFile(filepath.Join(dir, "arguments"))
			assert.NilError(t, err)
			for _, password := range []string{test.superuser, test.reconciler, test.app} {
				assert.Assert(t, !strings.Contains(string(arguments)+output, password), "%s\n%s", arguments, output)
			}
		})
	}
}

// The pod of the reconciler begins anew with a new password; that of the server, with all its data, does not.
func TestANewPasswordLeavesTheServersPodAlone(t *testing.T) {
	r := mocktest.Run(t, program(postgres.Bitnami, func(*pulumi.Context, *postgres.Postgres) {}))
	assert.DeepEqual(t, r.Waits(t, "postgres-reconciler", mocktest.PasswordType), []string{
		"postgres-password", "postgres-reconciler-password", "postgres-replication-password", "postgres-superuser-password",
	})
	values := mocktest.Plain(r.Get(t, "postgres-release").Inputs["values"]).(map[string]any)["primary"].(map[string]any)
	_, annotated := values["podAnnotations"]
	assert.Assert(t, !annotated)
}
