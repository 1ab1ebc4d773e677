package exchange

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// Left is what the last update left of the application; the zero value if there was none.
type Left struct {
	// Release says that the state has one of the application's.
	Release bool
	// Delivery is who brought new versions; empty if that was the update itself.
	Delivery string
	// Image is what it rolled out, and Since when, in RFC 3339. Both are empty where others deliver, and of a version of this program that told neither.
	Image, Since string
}

// Reference is the whole name of the image.
func (i Image) Reference() string {
	reference := i.Repository + ":" + i.Tag
	if i.Digest != "" {
		reference += "@" + i.Digest
	}
	return reference
}

// since is when the rollout of an image was through: the last update's word for it as long as the image is the same, and the moment at which
// the release is there if it is another one. Of an image that ran before anybody noted it, nothing is said.
func (l Left) since(image string, release *chart.Release) pulumi.StringOutput {
	switch {
	case l.Image == image:
		return pulumi.String(l.Since).ToStringOutput()
	case l.Release && l.Image == "" && l.Delivery == "":
		return pulumi.String("").ToStringOutput()
	}
	return release.URN().ApplyT(func(pulumi.URN) string { return time.Now().UTC().Format(time.RFC3339) }).(pulumi.StringOutput)
}
