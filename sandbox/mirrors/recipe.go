package mirrors

import (
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Recipe says what an image is made of, and how a container of it starts unless its pod says otherwise.
type Recipe struct {
	// Packages of Debian's, over the least Debian there is; an image without this list, be it empty, is without Debian.
	Packages *[]string `json:"packages"`
	// Suite is the release of Debian that they are of: that of machines unless it is given.
	Suite string `json:"suite"`
	// PackagesOf is a file of the checkout that names further ones, one a line.
	PackagesOf string `json:"packagesOf"`
	// Setup is a file in images/ that runs once in the system when the packages are installed.
	Setup string `json:"setup"`
	// Programs are built files, and Files those in images/: where each is in the image.
	Programs map[string]string `json:"programs"`
	Files    map[string]string `json:"files"`
	// Folders are those of the checkout that are in the image with all that a running program may need of them, by where they are.
	Folders map[string]string `json:"folders"`
	// LowPorts are programs that may listen on ports below 1024, whoever runs them.
	LowPorts []string `json:"lowPorts"`
	// Links are symbolic links: where each is, and what it points to.
	Links map[string]string `json:"links"`

	Entrypoint  []string          `json:"entrypoint"`
	Command     []string          `json:"command"`
	Environment map[string]string `json:"environment"`
	Directory   string            `json:"directory"`
	// User is a number, or two: a kubelet must know that it is not root's.
	User string `json:"user"`
}

//go:embed images
var files embed.FS

// searched is PATH in every container.
const searched = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// timeZones is where programs find time zones: schedules and quiet hours name them, and an image without a system has none.
const timeZones = "/usr/share/zoneinfo.zip"

// entries are what the image has besides packages.
func (r Recipe) entries(options Options) ([]entry, error) {
	var all []entry
	for _, place := range sorted(r.Programs) {
		all = append(all, entry{path: place, from: options.Program(r.Programs[place]), lowPorts: slices.Contains(r.LowPorts, place)})
	}
	if r.Packages == nil && len(r.Programs) > 0 {
		all = append(all, entry{path: timeZones, from: options.TimeZones})
	}
	for _, place := range sorted(r.Files) {
		text, err := files.ReadFile(path.Join("images", r.Files[place]))
		if err != nil {
			return nil, err
		}
		all = append(all, entry{path: place, text: text})
	}
	for _, place := range sorted(r.Folders) {
		inside, err := folder(place, filepath.Join(options.Checkout, r.Folders[place]))
		if err != nil {
			return nil, err
		}
		all = append(all, inside...)
	}
	for _, place := range sorted(r.Links) {
		all = append(all, entry{path: place, link: r.Links[place]})
	}
	return all, nil
}

// folder are the files below a folder, without what is for those who work on it.
func folder(place, from string) ([]entry, error) {
	var files []entry
	err := filepath.WalkDir(from, func(file string, found fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := found.Name()
		if found.IsDir() && file != from && (strings.HasPrefix(name, ".") || name == "tests" || name == "__pycache__") {
			return fs.SkipDir
		}
		if found.Type().IsRegular() && !strings.HasPrefix(name, ".") && name != "Dockerfile" {
			files = append(files, entry{path: path.Join(place, filepath.ToSlash(strings.TrimPrefix(file, from))), from: file})
		}
		return nil
	})
	return files, err
}

// packages are all that the recipe names.
func (r Recipe) packages(options Options) ([]string, error) {
	all := slices.Clone(*r.Packages)
	if r.PackagesOf == "" {
		return all, nil
	}
	text, err := os.ReadFile(filepath.Join(options.Checkout, r.PackagesOf))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		if name, _, _ := strings.Cut(line, "#"); strings.TrimSpace(name) != "" {
			all = append(all, strings.TrimSpace(name))
		}
	}
	return all, nil
}

// keyOf tells apart what layers are made of. Files on this machine count by their content.
func keyOf(entries []entry) (string, error) {
	sum := sha256.New()
	for _, each := range entries {
		fmt.Fprintf(sum, "%q %q %q %t\n", each.path, each.link, each.text, each.lowPorts)
		if each.from == "" {
			continue
		}
		file, err := os.Open(each.from)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(sum, file)
		_ = file.Close()
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("files-%x", sum.Sum(nil)[:12]), nil
}

// image puts layers together.
func (r Recipe) image(layers []v1.Layer) (v1.Image, error) {
	image, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), layers...)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", runtime.GOARCH, v1.Time{Time: time.Unix(0, 0).UTC()}
	environment := map[string]string{"PATH": searched}
	if r.Packages == nil {
		environment["ZONEINFO"] = timeZones
	}
	maps.Copy(environment, r.Environment)
	for _, name := range sorted(environment) {
		config.Config.Env = append(config.Config.Env, name+"="+environment[name])
	}
	config.Config.Entrypoint, config.Config.Cmd = r.Entrypoint, r.Command
	config.Config.User, config.Config.WorkingDir = r.User, r.Directory
	return mutate.ConfigFile(image, config)
}

// packagesKey tells apart layers of packages.
func (r Recipe) packagesKey(packages []string) (string, error) {
	setup, err := r.setup()
	if err != nil {
		return "", err
	}
	text, err := json.Marshal([]any{r.systemKey(), packages, string(setup)})
	return fmt.Sprintf("packages-%x", sha256.Sum256(text))[:33], err
}

func (r Recipe) setup() ([]byte, error) {
	if r.Setup == "" {
		return nil, nil
	}
	return files.ReadFile(path.Join("images", r.Setup))
}

func sorted[V any](of map[string]V) []string {
	return slices.SortedFunc(maps.Keys(of), strings.Compare)
}
