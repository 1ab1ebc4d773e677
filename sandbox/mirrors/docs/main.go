// Command docs writes the table of images as a page of the documentation: go generate ./mirrors.
package main

import (
	"fmt"
	"os"

	"github.com/iransre/exchange-platform/sandbox/mirrors"
)

func main() {
	if err := os.WriteFile("README.md", []byte(mirrors.Document()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
