package world

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/iransre/exchange-platform/sandbox/kubespray"
	"github.com/iransre/exchange-platform/sandbox/pki"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// KeepKubespray has the world serve Kubespray's own tree, from a checkout or an archive, in the place of the sandbox's of that release. A
// cluster that was made by the one cannot be changed by the other, so it stays.
func KeepKubespray(w *workspace.Workspace, from, tag string) error {
	if w.Kind() != workspace.Real {
		return errors.New("needs machines on which something can be installed: add --machines real")
	}
	if w.HasMachines() && !byKubespraysOwn(w) {
		return errors.New("is for new machines: this sandbox's have a cluster of the sandbox's own tree. " +
			"Destroy their stack first, or take a second sandbox, SANDBOX_NAME=own ./scripts/sandbox …")
	}
	archive, err := kubespray.Upstream(from, tag)
	if err != nil {
		return err
	}
	return pki.WriteFile(keptKubespray(w, tag), archive)
}

// KubesprayArchive is that of a release for the machines of w: Kubespray's own tree where it was given, else the sandbox's.
func KubesprayArchive(w *workspace.Workspace, tag string) ([]byte, error) {
	kept, err := os.ReadFile(keptKubespray(w, tag))
	if errors.Is(err, fs.ErrNotExist) {
		return kubespray.Archive(tag, kubespray.Machines{Real: w.Kind() == workspace.Real})
	}
	return kept, err
}

func keptKubespray(w *workspace.Workspace, tag string) string {
	return w.Path("kubespray", kubespray.ArchiveName(tag))
}

// byKubespraysOwn tells whether it is Kubespray's own tree by which the machines' cluster is made.
func byKubespraysOwn(w *workspace.Workspace) bool {
	kept, err := filepath.Glob(keptKubespray(w, "*"))
	return err == nil && len(kept) > 0
}

func describeTree(w *workspace.Workspace) string {
	if byKubespraysOwn(w) {
		return "Kubespray's own tree"
	}
	return "a small tree of ours"
}
