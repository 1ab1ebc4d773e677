package chart

import (
	"fmt"
	"path"
	"strings"
)

const ociScheme = "oci://"

// location is where Helm gets a chart from, in the three fields a Release has for it.
type location struct {
	chart      string // name, full oci:// reference, or path
	repository string // only with a plain name
	version    string
}

// locate says where the entry's chart comes from. Without a mirror that is its own source. A mirror replaces the source as
// a whole: an HTTP repository (http:// or https://), an OCI registry path (oci://), or a folder with archives named
// <chart>-<version>.tgz.
func (e *Entry) locate(mirror string) location {
	source := e.Source
	if mirror != "" {
		source = strings.TrimSuffix(mirror, "/")
	}
	switch {
	case strings.HasPrefix(source, ociScheme):
		// Helm wants the whole reference as the chart's name; a repository beside it is refused.
		return location{chart: source + "/" + e.Chart, version: e.Version}
	case strings.HasPrefix(source, "http://"), strings.HasPrefix(source, "https://"):
		return location{chart: e.Chart, repository: source, version: e.Version}
	default:
		archive := fmt.Sprintf("%s-%s.tgz", e.Chart, e.Version)
		// A relative folder keeps its "./": without it Helm takes the first element for the name of a repository.
		if !path.IsAbs(source) && !strings.HasPrefix(source, ".") {
			source = "./" + source
		}
		return location{chart: source + "/" + archive, version: e.Version}
	}
}
