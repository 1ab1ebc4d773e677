// Command docs writes docs/charts.md, the dated table of what the platform installs, from the chart catalogue. It is run by
// `go generate` in components/chart.
package main

import (
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/components/chart"
)

// page is where the table goes, seen from components/chart.
const page = "../../docs/charts.md"

func main() {
	catalogue, err := chart.Embedded()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(page, []byte(render(catalogue)), 0o644); err != nil {
		log.Fatal(err)
	}
}

// render makes the page.
func render(catalogue *chart.Catalogue) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!-- Generated from components/chart/catalogue.yaml by "go generate ./components/chart". Do not edit. -->
# Charts

What the platform installs, and what is known of the projects behind it. Looked at on %s.

| entry | chart | application | status | why this one |
|---|---|---|---|---|
`, catalogue.Checked)
	for _, name := range catalogue.Names() {
		entry := catalogue.Charts[name]
		fmt.Fprintf(&b, "| %s | `%s` %s | %s | %s | %s |\n",
			name, entry.Chart, entry.Version, entry.AppVersion, status(entry), entry.Why)
	}
	b.WriteString(`
*maintained*: releases and security fixes keep coming. *frozen*: installs, but gets no more releases or fixes. *retired*: the project
has ended by its own announcement.

## Sources

One key of a stack, ` + "`mirrors.charts`" + `, replaces all of these at once: by an HTTP repository, an OCI registry or a folder of archives.
The archives keep the names below.

| source | archives |
|---|---|
`)
	bySource := map[string][]string{}
	for _, name := range catalogue.Names() {
		entry := catalogue.Charts[name]
		bySource[entry.Source] = append(bySource[entry.Source], fmt.Sprintf("`%s-%s.tgz`", entry.Chart, entry.Version))
	}
	for _, source := range slices.Sorted(maps.Keys(bySource)) {
		fmt.Fprintf(&b, "| %s | %s |\n", source, strings.Join(bySource[source], ", "))
	}
	b.WriteString("\n## Images\n\nThe platform sets these itself; all others are the charts' own defaults.\n\n")
	for _, name := range catalogue.Names() {
		images := catalogue.Charts[name].Images
		for _, role := range slices.Sorted(maps.Keys(images)) {
			fmt.Fprintf(&b, "- `%s` (%s)\n", images[role], name)
		}
	}
	return b.String()
}

func status(entry *chart.Entry) string {
	if entry.EndOfLife == "" {
		return entry.Status
	}
	return fmt.Sprintf("**%s** since %s", entry.Status, entry.EndOfLife)
}
