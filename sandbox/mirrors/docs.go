package mirrors

import (
	"fmt"
	"strings"
)

//go:generate go run ./docs

// Document is the table as a page of the documentation.
func Document() string {
	var page strings.Builder
	page.WriteString(`<!-- Generated from sandbox/mirrors/images.yaml by "go generate ./mirrors". Do not edit. -->
# What runs behind each image

On [real machines](../README.md#real-machines) containerd pulls each image by its own name from the sandbox's registry, as
from a mirror that users have ([offline](../../docs/offline.md)). What is in it is made here.

`)
	counts := map[Kind]int{}
	for _, row := range Rows() {
		counts[row.Kind]++
	}
	for _, kind := range []struct {
		Kind
		means string
	}{
		{Real, "the program that the image is named after, of the version in its tag"},
		{OtherVersion, "that program, of another version"},
		{StandIn, "another program, which does what the platform asks of it"},
		{Nothing, "no program: its pods are on a simulated node"},
	} {
		fmt.Fprintf(&page, "- **%s** (%d): %s\n", kind.Kind, counts[kind.Kind], kind.means)
	}
	page.WriteString("\n| image | here | runs | as can be seen in |\n|---|---|---|---|\n")
	for _, row := range Rows() {
		kind := string(row.Kind)
		if row.For != "" {
			kind += ", for `" + row.For + "`"
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", row.Image, kind, row.Runs, row.Evidence)
	}
	page.WriteString(`
## How an image is made

By a recipe in its row of [images.yaml](images.yaml): Go programs (of this module, or of other projects by the go.mod files in [programs/](../programs)),
packages of Debian, files in [images/](images/) and folders of the checkout. All images with packages of one release share a layer of the least Debian there is.
Everything lies in ` + "`.sandbox/images`" + `, an OCI image layout, is made once, and anew when what it is made of changes. Every tag is answered
with the one content there is. An image runs as the user, and with the commands, variables and folders, that its chart asks for.

An image *for* a setting is made for stacks that have it, and simulated for others: it is much to build.

A new image is a new row; one that has no recipe is simulated. Its program is built if [tools/images.go](../tools/images.go) names it.
`)
	return page.String()
}
