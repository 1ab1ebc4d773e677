package stacks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// roomForState is how many MiB have to be free where the state lies in a folder: it is written anew for every resource, beside a copy
// of itself.
const roomForState = 64

// checkRoom is an error if the state lies in a folder whose disk is as good as full: Pulumi puts what it could write of the state in
// the place of the whole one, and of its copy. free tells how many MiB a folder's disk has.
func checkRoom(free func(folder string) (uint64, error)) error {
	folder, is := stateFolder()
	if !is {
		return nil
	}
	mebibytes, err := free(folder)
	if err != nil || mebibytes >= roomForState {
		return nil // what cannot be asked must not stop anybody
	}
	return fmt.Errorf("the disk that holds the state (%s) has %d MiB free, and %d are needed; nothing was changed: make room there. "+
		"On a full disk Pulumi would cut the state short, and its copy as well", folder, mebibytes, roomForState)
}

// stateFolder is where the state lies, if that is a folder. It asks what the CLI asks, in the same order.
func stateFolder() (string, bool) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", false
	}
	address := os.Getenv("PULUMI_BACKEND_URL")
	if address == "" {
		pulumiHome := cmp.Or(os.Getenv("PULUMI_CREDENTIALS_PATH"), os.Getenv("PULUMI_HOME"), filepath.Join(home, ".pulumi"))
		var login struct {
			Current string `json:"current"`
		}
		text, err := os.ReadFile(filepath.Join(pulumiHome, "credentials.json"))
		if err != nil || json.Unmarshal(text, &login) != nil {
			return "", false
		}
		address = login.Current
	}
	path, is := strings.CutPrefix(address, "file://")
	path, _, _ = strings.Cut(path, "?")
	if below, isHome := strings.CutPrefix(path, "~"); isHome {
		path = filepath.Join(home, below)
	}
	return path, is
}
