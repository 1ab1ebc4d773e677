package chart

import (
	"fmt"
	"strings"
)

// Image is a container image in the parts in which charts ask for it.
type Image struct {
	Registry   string // host, for example quay.io
	Repository string // path without the host, for example minio/minio
	Tag        string
}

// ParseImage takes a full reference apart: registry/repository:tag, none of which may be missing.
func ParseImage(reference string) (Image, error) {
	registry, rest, _ := strings.Cut(reference, "/")
	repository, tag, _ := strings.Cut(rest, ":")
	if !strings.ContainsAny(registry, ".:") || repository == "" || tag == "" || strings.Contains(reference, "@") {
		return Image{}, fmt.Errorf("image %q must be registry/repository:tag", reference)
	}
	return Image{Registry: registry, Repository: repository, Tag: tag}, nil
}

// Path is registry and repository together, for charts that have one value for both.
func (i Image) Path() string { return i.Registry + "/" + i.Repository }

// String is the whole reference.
func (i Image) String() string { return i.Path() + ":" + i.Tag }
