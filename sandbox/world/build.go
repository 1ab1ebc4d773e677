package world

import (
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"os"

	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// fingerprint tells apart what a world is started from: builds of the sandbox itself and of the control plane, and the kind of its
// machines. It is made of the IDs that Go gives to what it builds: a file's time also changes when nothing was built anew.
func fingerprint(w *workspace.Workspace, program string) string {
	sum := sha256.New()
	fmt.Fprintln(sum, w.Kind())
	for _, path := range []string{program, w.Binary("kube")} {
		fmt.Fprintf(sum, "%q\n", buildID(path))
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:8])
}

// buildID is empty for a file that is missing or that Go did not build.
func buildID(path string) []byte {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	program, err := elf.NewFile(file)
	if err != nil {
		return nil
	}
	section := program.Section(".note.go.buildid")
	if section == nil {
		return nil
	}
	note, err := section.Data()
	if err != nil {
		return nil
	}
	return note
}
