package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/sandbox/kubespray"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// options are the sandbox's own, in the order of its help; each is empty unless it is given.
type options struct {
	machines workspace.Kind
	images   workspace.Origin
	// charts and kubespray are what stands there for the sandbox's own: see chartMirror and kubespraySource.
	charts, kubespray string
}

// takeOptions takes the sandbox's options out of arguments that are otherwise pulumi's.
func takeOptions(arguments []string) (chosen options, rest []string, err error) {
	var machines, images string
	rest = arguments
	for _, option := range []struct {
		name  string
		value *string
	}{{"--machines", &machines}, {"--images", &images}, {"--charts", &chosen.charts}, {"--kubespray", &chosen.kubespray}} {
		if *option.value, rest, err = takeOption(option.name, rest); err != nil {
			return options{}, nil, err
		}
	}
	chosen.machines, chosen.images = workspace.Kind(machines), workspace.Origin(images)
	return chosen, rest, nil
}

// takeOption takes the option name and its value out of arguments that are otherwise pulumi's.
func takeOption(name string, arguments []string) (value string, rest []string, err error) {
	for i, argument := range arguments {
		if inline, found := strings.CutPrefix(argument, name+"="); found {
			return inline, slices.Delete(slices.Clone(arguments), i, i+1), nil
		}
		if argument != name {
			continue
		}
		if i+1 == len(arguments) {
			return "", nil, fmt.Errorf("%s needs a value", name)
		}
		return arguments[i+1], slices.Delete(slices.Clone(arguments), i, i+2), nil
	}
	return "", arguments, nil
}

// chartMirror is what the value of --charts means: nothing for the sandbox's stand-ins, "upstream" for each chart's own
// repository, or a folder of archives.
func chartMirror(w *workspace.Workspace, charts string) (string, error) {
	switch charts {
	case "":
		return w.FilesURL() + "/charts", nil
	case "upstream":
		return "", nil
	}
	folder, err := filepath.Abs(charts)
	if err != nil {
		return "", err
	}
	archives, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil || len(archives) == 0 {
		return "", fmt.Errorf("--charts %s: no chart archives (*.tgz) in this folder", charts)
	}
	return folder, nil
}

// kubespraySource tells where the sandbox serves a release of Kubespray, the newest if none is named. From a checkout or an archive of
// Kubespray's own, if one is given, that release is Kubespray's from then on.
func kubespraySource(w *workspace.Workspace, upstream string) func(tag string) (workspace.Archive, error) {
	return func(tag string) (workspace.Archive, error) {
		tag = cmp.Or(tag, kubespray.Newest)
		if upstream != "" {
			if err := world.KeepKubespray(w, upstream, tag); err != nil {
				return workspace.Archive{}, fmt.Errorf("--kubespray %w", err)
			}
		}
		archive, err := world.KubesprayArchive(w, tag)
		return workspace.Archive{URL: w.FilesURL() + "/files/" + kubespray.ArchiveName(tag), SHA256: fmt.Sprintf("%x", sha256.Sum256(archive))}, err
	}
}
