// Command docs writes docs/charts.md, the dated table of what the platform installs, from the chart catalogue. It is run by
// `go generate` in components/chart.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/command"
)

// page is where the table goes, seen from components/chart.
const page = "../../docs/charts.md"

func main() { command.Do(write) }

func write(context.Context) error {
	catalogue, err := chart.Embedded()
	if err != nil {
		return err
	}
	return os.WriteFile(page, []byte(render(catalogue)), 0o644)
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
	b.WriteString(`
What was seen of each version, as proof that it can be had. *index*: it stands in the index of its repository. *tag*: only the tag
in the chart's git repository was seen, which its own pipeline publishes. Nothing was downloaded from the sources themselves.

| archive | seen | where |
|---|---|---|
`)
	for _, name := range catalogue.Names() {
		entry := catalogue.Charts[name]
		fmt.Fprintf(&b, "| `%s-%s.tgz` | %s | %s |\n", entry.Chart, entry.Version, entry.Evidence.Seen, entry.Evidence.Where)
	}
	images(&b, catalogue)
	files(&b, catalogue.Cluster)
	return b.String()
}

// images lists what a mirror has to hold, and what the platform names without needing it.
func images(b *strings.Builder, catalogue *chart.Catalogue) {
	fmt.Fprintf(b, `
## Images

Everything that an environment pulls, besides the exchange's own image (`+"`exchange.image`"+`): what the platform sets, the charts' own
defaults, what operators make pods of, and what Kubespray %s brings for Kubernetes %s (%s).
A test holds the charts' part against what the real charts render with the platform's values. Whether each tag is still served was not tried.

| registry | needed by |
|---|---|
`, catalogue.Cluster.Kubespray, catalogue.Cluster.Kubernetes, catalogue.Cluster.Evidence)
	registries := catalogue.Registries()
	for _, registry := range slices.Sorted(maps.Keys(registries)) {
		fmt.Fprintf(b, "| %s | %s |\n", registry, strings.Join(registries[registry], ", "))
	}
	b.WriteString("\n| image | for |\n|---|---|\n")
	for _, needed := range catalogue.Needed() {
		var reasons []string
		for _, need := range needed.For {
			reasons = append(reasons, need.Name+": "+need.Why)
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", needed.Image, strings.Join(reasons, "<br>"))
	}
	b.WriteString("\nThe platform also names these, but no container is made of them:\n\n")
	for _, name := range catalogue.Names() {
		entry := catalogue.Charts[name]
		for _, role := range slices.Sorted(maps.Keys(entry.Unused)) {
			fmt.Fprintf(b, "- `%s` (%s): %s\n", entry.Images[role], name, entry.Unused[role])
		}
	}
}

// files lists what a mirror of files has to hold, in the form that sha256sum reads.
func files(b *strings.Builder, cluster chart.Cluster) {
	fmt.Fprintf(b, `
## Files

What machines of amd64 download, by Kubespray %s for Kubernetes %s: its path in a mirror (`+"`mirrors.files`"+`) is its address without `+"`https://`"+`.
Kubespray takes a file with this checksum and no other. [How a mirror is filled](offline.md#filling-the-mirror-of-files)

`+"```\n", cluster.Kubespray, cluster.Kubernetes)
	byReason := map[string][]string{}
	for _, each := range cluster.Files {
		byReason[each.When] = append(byReason[each.When], each.SHA256+"  "+each.File+"\n")
	}
	for _, when := range slices.Sorted(maps.Keys(byReason)) {
		if when != "" {
			fmt.Fprintf(b, "# when %s\n", when)
		}
		b.WriteString(strings.Join(byReason[when], ""))
	}
	b.WriteString("```\n")
}

func status(entry *chart.Entry) string {
	if entry.EndOfLife == "" {
		return entry.Status
	}
	return fmt.Sprintf("**%s** since %s", entry.Status, entry.EndOfLife)
}
