package provider

import (
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"gotest.tools/v3/assert"
)

const volumeToken = "arvancloud:storage:Volume"

// What is on a volume is worth more than its size: it is never replaced for another one, and takes one that it has already.
func TestAVolumeIsNotReplacedForItsSize(t *testing.T) {
	cloud := newCloud(t)
	volume := newPlugin(t, cloud).create(volumeToken, map[string]any{"name": "data", "size": 40})
	id := volume.id
	resize := func(size int, preview bool) error {
		inputs := volume.with(map[string]any{"size": size})
		difference := volume.diff(inputs).DetailedDiff
		assert.Equal(t, difference["size"].Kind, p.Update, "%v", difference)
		_, err := volume.plugin.Update(p.UpdateRequest{
			ID: volume.id, Urn: volume.urn, State: volume.state, OldInputs: volume.inputs, Inputs: inputs, DryRun: preview,
		})
		return err
	}
	for _, preview := range []bool{true, false} {
		assert.ErrorContains(t, resize(30, preview), "a volume cannot shrink, and data has 40 GB")
		assert.ErrorContains(t, resize(50, preview), "the volume data has 40 GB, and ArvanCloud's API has no call that makes one larger: make it 50 GB in the panel")
	}
	assert.Assert(t, cloud.GrowVolume("data", 50))
	volume.update(map[string]any{"size": 50})
	volume.settled()
	assert.Equal(t, volume.id, id)
	assert.Equal(t, volume.state.Get("size").AsNumber(), 50.0)
}
