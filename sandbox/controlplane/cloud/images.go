package cloud

import "github.com/distribution/reference"

// ImageName is the same for all ways to write the name of an image: with its registry and tag, and with the digest only if it has no tag.
func ImageName(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	if tagged, ok := named.(reference.NamedTagged); ok {
		return tagged.Name() + ":" + tagged.Tag()
	}
	return reference.TagNameOnly(named).String()
}
