package stacks

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// What a zone no longer offers stands in the way of new and changed machines, and of nothing else.
func TestOnlyNewAndChangedMachinesAskWhatTheZoneHas(t *testing.T) {
	worker := arvan.Node{Name: "arvan-prod-w5", Role: arvan.Worker, Plan: "g2-16-8-0", DiskGiB: 200}
	for name, test := range map[string]struct {
		withdrawn []string
		change    func(*Config)
		says      string
	}{
		"another tag, and the plan is gone":     {withdrawn: []string{"g2-16-8-0"}, change: func(c *Config) { c.Exchange.Image.Tag = "1.0.1" }},
		"another tag, and the image is gone":    {withdrawn: []string{"ubuntu 24.04"}, change: func(c *Config) { c.Exchange.Image.Tag = "1.0.1" }},
		"a new machine of a plan that is gone":  {[]string{"g2-16-8-0"}, func(c *Config) { c.Nodes = append(c.Nodes, worker) }, "nodes[8].plan: the zone has no g2-16-8-0"},
		"a new machine of an image that is not": {[]string{"ubuntu 24.04"}, func(c *Config) { c.Nodes = append(c.Nodes, worker) }, "cloud.image: the zone has no ubuntu 24.04"},
		"another plan, which is gone":           {[]string{"g9-9-9-9"}, func(c *Config) { c.Nodes[4].Plan = "g9-9-9-9" }, "nodes[4].plan: the zone has no g9-9-9-9"},
		"a larger disk, and the plan is gone":   {withdrawn: []string{"g2-16-8-0"}, change: func(c *Config) { c.Nodes[4].DiskGiB = 300 }},
		"another image, which is gone": {
			[]string{"debian 12"}, func(c *Config) { c.Nodes[4].Image = &arvan.Image{Distribution: "debian", Version: "12"} },
			"nodes[4].image: the zone has no debian 12",
		},
		"another image, and the plan is gone": {
			[]string{"g2-16-8-0"}, func(c *Config) { c.Nodes[4].Image = &arvan.Image{Distribution: "debian", Version: "12"} },
			"nodes[4].plan: the zone has no g2-16-8-0",
		},
		"another common image, which is gone, and no new machine": {
			withdrawn: []string{"debian 12"}, change: func(c *Config) { c.Cloud.Image = arvan.Image{Distribution: "debian", Version: "12"} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := Load(project, "prod", completed(t, "prod"))
			assert.NilError(t, err)
			before := deployedWith(t, cfg)
			test.change(cfg)
			world := mocktest.World{Last: serversOf(before), Withdrawn: test.withdrawn}
			t.Chdir("..")
			after, err := world.Try(func(ctx *pulumi.Context) error { _, err := deployAgain(ctx, cfg); return err })
			if test.says != "" {
				assert.ErrorContains(t, err, test.says)
				assert.Equal(t, len(after.OfType(arvan.ServerType)), 0)
				return
			}
			assert.NilError(t, err)
			for _, server := range after.OfType(arvan.ServerType) {
				was := before.Get(t, server.Name).Inputs
				for _, input := range []resource.PropertyKey{"imageId", "imageName"} {
					assert.DeepEqual(t, mocktest.Plain(server.Inputs[input]), mocktest.Plain(was[input]))
				}
			}
		})
	}
}

// A zone in which nothing of ours runs is asked for everything, the first mistake by its place.
func TestANewStackAsksForAll(t *testing.T) {
	for withdrawn, says := range map[string]string{"ubuntu 24.04": "cloud.image: the zone has no ubuntu 24.04", "g2-4-2-0": "nodes[0].plan: the zone has no g2-4-2-0"} {
		cfg, err := Load(project, "demo", completed(t, "demo"))
		assert.NilError(t, err)
		_, err = mocktest.World{Withdrawn: []string{withdrawn}}.Try(func(ctx *pulumi.Context) error { _, err := deployAgain(ctx, cfg); return err })
		assert.Assert(t, err != nil && strings.Contains(err.Error(), says), "%v", err)
	}
}

// serversOf are the machines as they are in the state after an update.
func serversOf(recording *mocktest.Recording) []mocktest.Left {
	return leftOf(recording, arvan.ServerType)
}

func leftOf(recording *mocktest.Recording, kind string) []mocktest.Left {
	var left []mocktest.Left
	for _, each := range recording.OfType(kind) {
		outputs := mocktest.Plain(resource.NewProperty(each.Inputs)).(map[string]any)
		left = append(left, mocktest.Left{Type: each.Type, Name: each.Name, Outputs: outputs})
	}
	return left
}
