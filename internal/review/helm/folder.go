package helm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/iransre/exchange-platform/internal/chartfolder"
)

// depth is how many commits that changed a chart are looked at.
const depth = 100

// takeFolders has charts that are folders of the checkout be those that are meant: the one of after is in the checkout, the one of before may be
// in its history only.
func (h *Helm) takeFolders(ctx context.Context, before *chart, after chart) error {
	if before.isFolder() && (before.description != after.description || before.name != after.name) {
		var err error
		if before.name, err = h.former(ctx, *before); err != nil {
			return err
		}
	}
	if !after.isFolder() {
		return nil
	}
	return h.isPreviewed(after)
}

// isPreviewed says if a chart that is a folder of the checkout is not the one of the preview, which may have been made elsewhere.
func (h *Helm) isPreviewed(c chart) error {
	sum, err := chartfolder.Digest(filepath.Join(h.Root, c.name))
	if err != nil {
		return err
	}
	if !strings.Contains(c.description, sum) {
		return fmt.Errorf("this checkout has another %s than the preview was made from: check out the preview's commit", c.name)
	}
	return nil
}

// former gets a chart that is a folder of the checkout as it was when its release was last updated. What the release says of itself has
// the folder's sum in it; the newest commit in which the folder has that sum is as good as any.
func (h *Helm) former(ctx context.Context, c chart) (string, error) {
	if !filepath.IsLocal(c.name) {
		return "", errors.New("the chart is a folder outside of the checkout, and was another one")
	}
	commits, err := h.git(ctx, "log", "--format=%H", fmt.Sprintf("--max-count=%d", depth), "--", c.name)
	if err != nil {
		return "", err
	}
	for commit := range strings.FieldsSeq(commits.String()) {
		archive, err := h.git(ctx, "archive", "--format=tar", commit, "--", c.name)
		if err != nil {
			continue // it is not there
		}
		folder, err := os.MkdirTemp(h.scratch, "")
		if err != nil {
			return "", err
		}
		unpack := exec.CommandContext(ctx, "tar", "-x", "-C", folder)
		unpack.Stdin = archive
		if said, err := unpack.CombinedOutput(); err != nil {
			return "", fmt.Errorf("unpack %s of %s: %w: %s", c.name, commit, err, said)
		}
		folder = filepath.Join(folder, c.name)
		if sum, err := chartfolder.Digest(folder); err == nil && strings.Contains(c.description, sum) {
			return folder, nil
		}
	}
	return "", errors.New("no commit here has the chart as it was installed: get the whole history (git fetch --unshallow), or the branch it was installed from")
}

func (h *Helm) git(ctx context.Context, arguments ...string) (*bytes.Buffer, error) {
	cmd := exec.CommandContext(ctx, "git", arguments...)
	cmd.Dir = h.Root
	var printed, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &problems
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", arguments[0], err, strings.TrimSpace(problems.String()))
	}
	return &printed, nil
}
