package mirrors

import (
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/iransre/exchange-platform/sandbox/hosts/debian"
)

// left is what of Debian's packages nobody in a container reads.
var left = []string{"/usr/share/man", "/usr/share/doc", "/usr/share/locale", "/usr/share/info", "/usr/lib/llvm*"}

// install adds packages to a system and writes what came to it as an archive.
//
//go:embed install.sh
var install string

// suite is the release of Debian that a recipe's packages are of.
func (r Recipe) suite() string { return cmp.Or(r.Suite, debian.Suite) }

// systemKey tells apart systems below images.
func (r Recipe) systemKey() string {
	sum := sha256.Sum256([]byte(r.suite() + strings.Join(left, " ") + install))
	return fmt.Sprintf("debian-%x", sum[:6])
}

// system makes, once, the least Debian there is, and returns where.
func (a *assembly) system(ctx context.Context, recipe Recipe) (string, error) {
	path := a.store.path(recipe.systemKey())
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	building := path + ".building"
	if err := os.RemoveAll(building); err != nil { // of one that was interrupted
		return "", err
	}
	// the lists of packages stay: what is installed later comes from the same ones
	arguments := []string{"--mode=root", "--variant=apt", "--skip=cleanup/apt/lists", `--aptopt=APT::Install-Recommends "false"`, "--dpkgopt=force-unsafe-io"}
	for _, path := range left {
		arguments = append(arguments, "--dpkgopt=path-exclude="+path+"/*")
	}
	arguments = append(arguments, recipe.suite(), building)
	if mirror := debian.Mirror(ctx); mirror != "" {
		arguments = append(arguments, mirror)
	}
	if err := debian.Run(ctx, a.out, "Debian "+recipe.suite()+" for images", debian.Apart(ctx, "mmdebstrap", arguments...)); err != nil {
		return "", err
	}
	return path, os.Rename(building, path)
}

// base is the layer that all images with packages of one release share.
func (a *assembly) base(ctx context.Context, recipe Recipe) (*layer, error) {
	return a.store.layer(recipe.systemKey(), func(to io.Writer) error {
		system, err := a.system(ctx, recipe)
		if err != nil {
			return err
		}
		archive := exec.CommandContext(ctx, "tar", "--create", "--sort=name", "--numeric-owner", "--one-file-system", "--directory="+system,
			"--exclude=./var/lib/apt/lists/*", "--exclude=./var/cache/*", "--exclude=./dev/*", "--exclude=./etc/resolv.conf", ".")
		archive.Stdout, archive.Stderr = to, a.out
		return archive.Run()
	})
}

// packages is the layer of a recipe's packages.
func (a *assembly) packages(ctx context.Context, recipe Recipe) (*layer, error) {
	packages, err := recipe.packages(a.Options)
	if err != nil {
		return nil, err
	}
	key, err := recipe.packagesKey(packages)
	if err != nil {
		return nil, err
	}
	return a.store.layer(key, func(to io.Writer) error {
		system, err := a.system(ctx, recipe)
		if err != nil {
			return err
		}
		work, err := os.MkdirTemp(a.store.dir, "install-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work)
		setup, err := recipe.setup()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(work, "setup"), setup, 0o755); err != nil {
			return err
		}
		// In a namespace: whatever happens, no mount is left.
		cmd := debian.Apart(ctx, "sh", append([]string{"-euc", install, "install", system, work},
			packages...)...)
		if err := debian.Run(ctx, a.out, "packages for images", cmd); err != nil {
			return err
		}
		archive, err := os.Open(filepath.Join(work, "layer.tar"))
		if err != nil {
			return err
		}
		defer archive.Close()
		return translateWhiteouts(archive, to)
	})
}
