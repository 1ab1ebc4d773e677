package contract

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

const chartFolder, exampleFolder = "../../charts/exchange", "../../examples/exchange"

// passable is a folder of the test's that other users may look into.
func passable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{dir, filepath.Dir(dir)} {
		assert.NilError(t, os.Chmod(folder, 0o755))
	}
	return dir
}

// example is the example's image: this machine's Debian with the project in it, changed as a team might get it wrong. Each change is
// file, text and what stands there instead.
func example(t *testing.T, changes ...[3]string) *Image {
	t.Helper()
	app := filepath.Join(passable(t), "app")
	assert.NilError(t, os.CopyFS(app, os.DirFS(exampleFolder)))
	for _, change := range changes {
		file := filepath.Join(app, change[0])
		text, err := os.ReadFile(file)
		assert.NilError(t, err)
		assert.Assert(t, strings.Contains(string(text), change[1]), "%s has no %q", change[0], change[1])
		assert.NilError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), change[1], change[2])), 0o644))
	}
	words := filepath.Join(app, "locale/fa/LC_MESSAGES/django.")
	output, err := exec.CommandContext(t.Context(), "msgfmt", "--check-format", "--output-file", words+"mo", words+"po").CombinedOutput()
	assert.NilError(t, err, "%s", output)
	return &Image{Root: "/", Folders: map[string]string{"/app": app}, WorkingDir: "/app"}
}

// beside starts the neighbours of a test.
func beside(t *testing.T) *neighbours {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	made, err := startNeighbours(ctx, passable(t))
	assert.NilError(t, err)
	t.Cleanup(func() {
		made.stop()
		cancel()
	})
	return made
}

func opened(t *testing.T, image *Image, neighbours *neighbours) *session {
	t.Helper()
	s, err := open(t.Context(), image, chartFolder, neighbours)
	assert.NilError(t, err)
	t.Cleanup(s.close)
	return s
}

func TestTheExampleKeepsTheContract(t *testing.T) {
	t.Parallel()
	opened(t, example(t), beside(t)).try(t.Context(), func(result Result) {
		assert.Check(t, result.Err == nil, "%s: %s", result.Name, result.Err)
	})
}

func TestTheExamplesOwnTests(t *testing.T) {
	t.Parallel()
	s := opened(t, example(t), beside(t))
	assert.NilError(t, s.finish(t.Context(), s.chart.web, "python", "manage.py", "test"))
}

// What teams get wrong, as many mistakes at once as do not hide each other, and the checks that find them.
func TestEachMistakeIsFound(t *testing.T) {
	t.Parallel()
	const settings, storages = "config/settings.py", "config/storages.py"
	neighbours := beside(t)
	quick := []string{"secret-key", "models", "database", "page", "hosts", "debug", "https", "csrf", "static", "media", "media-store", "metrics", "queue"}
	for name, group := range map[string]struct {
		checks   []string
		mistakes map[string][3]string
	}{
		"in what Django is told": {quick, map[string][3]string{
			"secret-key":  {settings, `text("DJANGO_SECRET_KEY")`, `text("DJANGO_SECRET_KEY", "a key in the image")`},
			"https":       {settings, `SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE`, `SESSION_COOKIE_SECURE`},
			"csrf":        {settings, `names("DJANGO_CSRF_TRUSTED_ORIGINS")`, `["https://elsewhere.example"]`},
			"static":      {storages, `    custom_domain = settings.AWS_STATIC_CUSTOM_DOMAIN`, ``},
			"media":       {storages, `file_overwrite = False`, `file_overwrite = True`},
			"media-store": {settings, `text("AWS_MEDIA_ENDPOINT_URL", AWS_S3_ENDPOINT_URL)`, `AWS_S3_ENDPOINT_URL`},
			"queue":       {settings, `"orm": "default"`, `"redis": {}`},
			"models":      {"market/models.py", `max_length=200`, `max_length=300`},
		}},
		"in what it answers": {quick, map[string][3]string{
			"debug":   {settings, `switch("DJANGO_DEBUG")`, `bool(text("DJANGO_DEBUG"))`},
			"https":   {}, // its cookies follow DEBUG
			"hosts":   {settings, `names("DJANGO_ALLOWED_HOSTS")`, `["*"]`},
			"metrics": {settings, `SECURE_HSTS_SECONDS`, "SECURE_SSL_REDIRECT = True\nSECURE_HSTS_SECONDS"},
			"media":   {storages, `settings.AWS_MEDIA_PUBLIC_URL`, `settings.AWS_MEDIA_ENDPOINT_URL`},
			// its links are made in the same way
			"media-store": {},
		}},
		"in what is bad for a database": {[]string{"migrations", "lock-timeout", "tasks", "outage"}, map[string][3]string{
			"lock-timeout": {settings, `"OPTIONS": {`, `"OPTIONS": {"options": "-c statement_timeout=0", `},
			"outage":       {settings, `60 if django.VERSION >= (4, 1) else 0`, `60`},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var changes [][3]string
			for _, change := range group.mistakes {
				if change[0] != "" {
					changes = append(changes, change)
				}
			}
			found := map[string]error{}
			opened(t, example(t, changes...), neighbours).try(t.Context(), func(result Result) { found[result.Name] = result.Err }, group.checks...)
			for name, err := range found {
				_, wanted := group.mistakes[name]
				assert.Check(t, (err != nil) == wanted, "%s: %v", name, err)
			}
		})
	}
}

func TestTheDocumentationNamesEachPointWithItsCheck(t *testing.T) {
	text, err := os.ReadFile("../../docs/your-exchange.md")
	assert.NilError(t, err)
	for _, check := range Checks {
		assert.Check(t, strings.Contains(string(text), check.Point+" | `"+check.Name+"` |"), "no row %q", "| "+check.Point+" | `"+check.Name+"` |")
	}
	assert.Equal(t, strings.Count(string(text), "` |\n"), len(Checks), "a row of a check that is no more")
}

func TestACheckThatIsNotThereIsRefused(t *testing.T) {
	err := Try(t.Context(), &Image{}, chartFolder, t.TempDir(), nil, "pages")
	assert.ErrorContains(t, err, `no check "pages"`)
	assert.Assert(t, !slices.ContainsFunc(Checks, func(c Check) bool { return c.try == nil }))
}
