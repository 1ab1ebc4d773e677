package exchange_test

import (
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/exchange"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

const (
	ran   = "ghcr.io/iransre/exchange:1.0.0"
	since = "2026-11-27T10:00:00Z"
)

// told is what others learn of the version that runs.
func told(t *testing.T, change func(*exchange.Args)) (image, began string) {
	t.Helper()
	mocktest.Run(t, program(change, func(ctx *pulumi.Context, e *exchange.Exchange) {
		for into, output := range map[*string]pulumi.StringOutput{&image: e.Image, &began: e.Since} {
			known, err := internals.UnsafeAwaitOutput(ctx.Context(), output)
			assert.NilError(t, err)
			*into = known.Value.(string)
		}
	}))
	return image, began
}

func TestWhichVersionRunsAndSinceWhen(t *testing.T) {
	version := func(tag, digest string, left exchange.Left) func(*exchange.Args) {
		return func(args *exchange.Args) {
			args.Config.Image = exchange.Image{Repository: "ghcr.io/iransre/exchange", Tag: tag, Digest: digest}
			args.Left = left
		}
	}
	rollout := func(t *testing.T, began string) {
		t.Helper()
		at, err := time.Parse(time.RFC3339, began)
		assert.NilError(t, err)
		assert.Check(t, time.Since(at) < time.Minute)
	}
	left := exchange.Left{Release: true, Image: ran, Since: since}

	image, began := told(t, version("1.0.0", "", left))
	assert.Equal(t, image+" "+began, ran+" "+since, "an update that rolls nothing out would show a difference")
	image, began = told(t, version("1.1.0", "", left))
	assert.Equal(t, image, "ghcr.io/iransre/exchange:1.1.0")
	rollout(t, began)
	digest := "sha256:" + mocktest.Generated
	image, began = told(t, version("1.0.0", digest, left))
	assert.Equal(t, image, ran+"@"+digest)
	rollout(t, began)
	_, began = told(t, version("1.0.0", "", exchange.Left{}))
	rollout(t, began)
	_, began = told(t, version("1.0.0", "", exchange.Left{Release: true}))
	assert.Equal(t, began, "", "nobody noted when that was")
	_, began = told(t, version("1.0.0", "", exchange.Left{Release: true, Delivery: "gitops"}))
	rollout(t, began)
}

// What others roll out, the program does not know.
func TestOthersKnowWhichVersionTheyDeliver(t *testing.T) {
	image, began := told(t, func(args *exchange.Args) {
		args.Delivered, args.Left = "gitops", exchange.Left{Release: true, Image: ran, Since: since}
	})
	assert.Equal(t, image+began, "")
}
