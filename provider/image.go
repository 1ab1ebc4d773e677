package provider

import (
	"github.com/pulumi/pulumi-go-provider/infer"
)

// GetImage is the function arvancloud:iaas:getImage. It exists because the id of an image differs from zone to zone.
type GetImage struct{}

// GetImageArgs tell which image to find.
type GetImageArgs struct {
	Zone         string `pulumi:"zone,optional"`
	Distribution string `pulumi:"distribution"`
	Version      string `pulumi:"version"`
}

// GetImageResult is the image found.
type GetImageResult struct {
	ID           string `pulumi:"imageId"`
	Zone         string `pulumi:"zone"`
	Distribution string `pulumi:"distribution"`
	Version      string `pulumi:"version"`
	DiskSize     int    `pulumi:"diskSize"`
}

// Annotate describes the function in the schema.
func (f *GetImage) Annotate(a infer.Annotator) {
	a.SetToken(moduleIaaS, "getImage")
	a.Describe(&f, "Finds a distribution's image in a zone.")
}

// Annotate describes the arguments in the schema.
func (s *GetImageArgs) Annotate(a infer.Annotator) {
	a.Describe(&s.Zone, describeZone)
	a.Describe(&s.Distribution, "Distribution, for example debian or ubuntu (upper and lower case are the same).")
	a.Describe(&s.Version, "Version, for example 12 or 24.04.")
}

// Annotate describes the result in the schema.
func (s *GetImageResult) Annotate(a infer.Annotator) {
	a.Describe(&s.ID, "Id of the image in this zone, as a Server takes it.")
	a.Describe(&s.Zone, "Zone the image is in.")
	a.Describe(&s.Distribution, "Distribution of the image.")
	a.Describe(&s.Version, "Version of the distribution.")
	a.Describe(&s.DiskSize, "Smallest root disk in GB that the image fits on; 0 when not told.")
}
