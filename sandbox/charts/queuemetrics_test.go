package charts_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

// The collector reads the tables of the Django-Q that is installed here, in an application whose database is SQLite.
func TestTheQueuesCollectorReadsDjangoQsTables(t *testing.T) {
	const python = "/usr/bin/python3" // the one that Debian's packages are for
	if err := exec.Command(python, "-c", "import django_q").Run(); err != nil {
		t.Skip("Django-Q is not installed: apt-get install python3-django-q")
	}
	program, err := filepath.Abs(filepath.Join(exchangeFolder, "files", "queue_metrics.py"))
	assert.NilError(t, err)
	check, err := filepath.Abs("testdata/queue_metrics_check.py")
	assert.NilError(t, err)
	run := exec.Command(python, "-B", check, program)
	run.Dir = t.TempDir()
	said, err := run.CombinedOutput()
	assert.NilError(t, err, "%s", said)
}
