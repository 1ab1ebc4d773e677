package mirrors

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/iransre/exchange-platform/sandbox/hosts/debian"
)

// Options say what images are made with.
type Options struct {
	// Dir keeps them.
	Dir string
	// Checkout is where folders and lists lie that a recipe names.
	Checkout string
	// Program is where a program was built that a recipe names.
	Program func(name string) string
	// TimeZones is Go's archive of them, for images of nothing but programs.
	TimeZones string
	// Rows are the rows whose images are made: all of the table where there are none.
	Rows []Row
}

// assembly is the making of images.
type assembly struct {
	Options
	store store
	out   io.Writer
}

// Ensure makes the images that are missing, or made of something else than today, and tells out what it does at least every ten
// seconds.
func Ensure(ctx context.Context, options Options, out io.Writer) error {
	if options.Rows == nil {
		options.Rows = Rows()
	}
	if err := os.MkdirAll(options.Dir, 0o755); err != nil {
		return err
	}
	unlock, err := debian.Lock(filepath.Join(options.Dir, "lock"))
	if err != nil {
		return err
	}
	defer unlock()
	a := &assembly{Options: options, store: store{options.Dir}, out: out}
	made := map[string]string{} // what each image was made of
	record := a.store.path("made-of.json")
	if text, err := os.ReadFile(record); err == nil {
		_ = json.Unmarshal(text, &made) // what cannot be read is made anew
	}
	start := time.Now()
	images := map[string]v1.Image{}
	for _, row := range options.Rows {
		if row.Recipe == nil {
			continue
		}
		inputs, err := a.inputs(*row.Recipe)
		if err != nil {
			return fmt.Errorf("image %s: %w", row.Image, err)
		}
		if _, err := a.store.find(row.Image); err == nil && made[row.Image] == inputs {
			continue
		}
		if images[row.Image], err = a.make(ctx, *row.Recipe); err != nil {
			return fmt.Errorf("image %s: %w", row.Image, err)
		}
		made[row.Image] = inputs
	}
	if len(images) == 0 {
		return nil
	}
	if err := a.store.keep(images); err != nil {
		return err
	}
	fmt.Fprintf(out, "  %-28s %6s  %d made, of Go programs and Debian's packages\n", "images", time.Since(start).Round(time.Second), len(images))
	text, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return replace(record, text)
}

// inputs tells apart what an image is made of, by what costs nothing to look at.
func (a *assembly) inputs(recipe Recipe) (string, error) {
	text, err := json.Marshal(recipe)
	if err != nil {
		return "", err
	}
	setup, err := recipe.setup()
	if err != nil {
		return "", err
	}
	entries, err := recipe.entries(a.Options)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s %q\n", recipe.systemKey(), text, setup)
	if recipe.Packages != nil {
		packages, err := recipe.packages(a.Options)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(sum, packages)
	}
	for _, each := range entries {
		fmt.Fprintf(sum, "%q %q\n", each.path, each.text)
		if each.from == "" {
			continue
		}
		info, err := os.Stat(each.from)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(sum, info.Size(), info.ModTime().UnixNano())
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:16]), nil
}

// make makes one image. Layers are shared: Debian's, one for each set of packages, one for each program.
func (a *assembly) make(ctx context.Context, recipe Recipe) (v1.Image, error) {
	var layers []v1.Layer
	if recipe.Packages != nil {
		base, err := a.base(ctx, recipe)
		if err != nil {
			return nil, err
		}
		layers = append(layers, base)
		if len(*recipe.Packages) > 0 || recipe.PackagesOf != "" || recipe.Setup != "" {
			packages, err := a.packages(ctx, recipe)
			if err != nil {
				return nil, err
			}
			layers = append(layers, packages)
		}
	} else if recipe.Setup != "" {
		return nil, errors.New("setup needs a system: say which packages, or none ([])")
	}
	entries, err := recipe.entries(a.Options)
	if err != nil {
		return nil, err
	}
	isProgram := func(each entry) bool { return each.from != "" }
	for _, group := range [][]entry{slices.DeleteFunc(slices.Clone(entries), func(each entry) bool { return !isProgram(each) }), slices.DeleteFunc(entries, isProgram)} {
		if len(group) == 0 {
			continue
		}
		made, err := a.files(group)
		if err != nil {
			return nil, err
		}
		layers = append(layers, made)
	}
	return recipe.image(layers)
}

func (a *assembly) files(entries []entry) (*layer, error) {
	key, err := keyOf(entries)
	if err != nil {
		return nil, err
	}
	return a.store.layer(key, func(to io.Writer) error { return writeFiles(to, entries) })
}
