// Command minio stands in MinIO's place where images are made here: called minio it serves S3 over a folder (package storage), called
// mc it is what the platform uses of MinIO's client. Both have the commands, variables and paths of the real ones, and refuse what
// they do not know. How the client administers the server is their own.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	run := serve
	if filepath.Base(os.Args[0]) == "mc" {
		run = client
	}
	if err := run(arguments(os.Args[1:])); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(os.Args[0]), err)
		os.Exit(1)
	}
}

// arguments are those that are no options about how to print.
func arguments(given []string) []string {
	return slices.DeleteFunc(slices.Clone(given), func(argument string) bool {
		return argument == "--quiet" || argument == "-q" || argument == "--json"
	})
}
