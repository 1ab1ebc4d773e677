package delivery

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	template = "market/templates/base.html"
	charset  = `<meta charset="utf-8">`
	// app is where the exchange is in its image.
	app = "/app"
)

// failing is a migration of a table that is not there: one that somebody forgot to make, say.
const failing = `from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("market", "0002_zero_sum")]
    operations = [migrations.RunSQL("ALTER TABLE market_forgotten ADD COLUMN remark text")]
`

// release pushes the versions that are committed: each says on its page which one it is.
func (d *delivery) release() ([]version, error) {
	page, err := os.ReadFile(filepath.Join(d.Checkout, "examples", "exchange", template))
	if err != nil {
		return nil, err
	}
	var versions []version
	for _, each := range []struct {
		tag  string
		more map[string]string
	}{{"1.0.1", nil}, {"1.1.0", nil}, {"1.2.0", map[string]string{app + "/market/migrations/0003_remark.py": failing}}} {
		files := map[string]string{app + "/" + template: strings.Replace(string(page), charset, charset+fmt.Sprintf(`<meta name="release" content=%q>`, each.tag), 1)}
		maps.Copy(files, each.more)
		digest, err := d.Release(d.image, each.tag, files)
		if err != nil {
			return nil, fmt.Errorf("push %s:%s: %w", d.image, each.tag, err)
		}
		versions = append(versions, version{each.tag, digest})
	}
	return versions, nil
}

var released = regexp.MustCompile(`<meta name="release" content="([^"]*)">`)

// releaseOf is the version that a page says it is of; empty of one that does not.
func releaseOf(page string) string {
	if found := released.FindStringSubmatch(page); found != nil {
		return found[1]
	}
	return ""
}
