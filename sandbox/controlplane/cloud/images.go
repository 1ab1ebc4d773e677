package cloud

import "github.com/distribution/reference"

// ImageName is the whole name of an image, however it is written: with its registry, without tag and digest.
func ImageName(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	return named.Name()
}
