// Command docs writes docs/configuration.md from the types of the configuration, and the table of refusals in
// docs/cluster.md.
package main

import (
	"errors"
	"log"
	"os"
	"strings"

	"github.com/iransre/exchange-platform/internal/refusals"
)

// root is the checkout, seen from the folder in which `go generate ./stacks` runs this.
const root = ".."

func main() {
	text, err := Configuration(root)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(root+"/docs/configuration.md", []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
	const cluster = root + "/docs/cluster.md"
	page, err := os.ReadFile(cluster)
	if err != nil {
		log.Fatal(err)
	}
	if text, err = WithRefusals(string(page)); err != nil {
		log.Fatalf("%s: %v", cluster, err)
	}
	if err := os.WriteFile(cluster, []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
}

// The lines around the table of refusals in docs/cluster.md.
const (
	refusalsBegin = "<!-- made from internal/refusals by `go generate ./stacks`; do not edit -->\n"
	refusalsEnd   = "<!-- end of the refusals -->\n"
)

// WithRefusals is the page with the table of refusals as it is now.
func WithRefusals(page string) (string, error) {
	table, err := refusals.All()
	if err != nil {
		return "", err
	}
	before, rest, begins := strings.Cut(page, refusalsBegin)
	_, after, ends := strings.Cut(rest, refusalsEnd)
	if !begins || !ends {
		return "", errors.New("the lines around the table of refusals are missing")
	}
	return before + refusalsBegin + table.Markdown() + refusalsEnd + after, nil
}
