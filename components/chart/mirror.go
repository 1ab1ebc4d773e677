package chart

import (
	"maps"
	"slices"
	"strings"
)

// KubesprayName stands beside the names of the entries for what the cluster itself needs.
const KubesprayName = "Kubespray"

// Needed is an image that an environment pulls.
type Needed struct {
	Image string
	For   []Need
}

// Need says what an image is pulled for: the name of an entry, or KubesprayName, and why in words.
type Need struct{ Name, Why string }

// Registry is the host that the image comes from.
func (n Needed) Registry() string {
	host, _, _ := strings.Cut(n.Image, "/")
	return host
}

// brought says in words who brings a pulled image.
var brought = map[string]string{
	ByChart:    "default of the chart",
	ByOperator: "pods that the chart's operator makes",
}

// Needed lists every image that the platform's values and Kubespray lead to, in order: what a mirror has to hold, besides the
// exchange's own image.
func (c *Catalogue) Needed() []Needed {
	by := map[string][]Need{}
	for _, name := range c.Names() {
		entry := c.Charts[name]
		for role, image := range entry.Images {
			if _, unused := entry.Unused[role]; !unused {
				by[image] = append(by[image], Need{name, "set by the platform"})
			}
		}
		for _, pulled := range entry.Pulled {
			by[pulled.Image] = append(by[pulled.Image], Need{name, brought[pulled.By]})
		}
	}
	for _, each := range c.Cluster.Images {
		why := "always"
		if each.When != "" {
			why = "when " + each.When
		}
		by[each.Image] = append(by[each.Image], Need{KubesprayName, why})
	}
	var needed []Needed
	for _, image := range slices.Sorted(maps.Keys(by)) {
		needed = append(needed, Needed{Image: image, For: by[image]})
	}
	return needed
}

// Registries lists the hosts that the needed images come from, each with the names of the entries that need it.
func (c *Catalogue) Registries() map[string][]string {
	hosts := map[string][]string{}
	for _, needed := range c.Needed() {
		for _, each := range needed.For {
			if host := needed.Registry(); !slices.Contains(hosts[host], each.Name) {
				hosts[host] = append(hosts[host], each.Name)
			}
		}
	}
	for _, names := range hosts {
		slices.Sort(names)
	}
	return hosts
}
