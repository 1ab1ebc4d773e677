package emulator

import (
	_ "embed"
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"
)

//go:embed data/catalogue.yaml
var catalogueYAML []byte

// catalogue is what the account finds. It is read once: a mistake in the embedded file is a mistake of ours.
var catalogue = mustReadCatalogue()

type catalogueTable struct {
	Zones             []place            `json:"zones"`
	FormerZones       []place            `json:"formerZones"`
	Plans             []plan             `json:"plans"`
	Images            []image            `json:"images"`
	VolumeHourlyPerGB map[string]float64 `json:"volumeHourlyPerGB"`
	AddressHourly     float64            `json:"addressHourly"`
}

// place is a zone as the region list describes it.
type place struct {
	Code          string `json:"code"`
	Name          string `json:"name"`
	City          string `json:"city"`
	Country       string `json:"country"`
	Region        string `json:"region"`
	PublicNetwork string `json:"publicNetwork"`
	Default       bool   `json:"default"`
}

// plan is a size of servers.
type plan struct {
	ID       string   `json:"id"`
	Cores    int      `json:"cores"`
	MemoryGB int      `json:"memoryGB"`
	Disk     int      `json:"disk"`
	Hourly   float64  `json:"hourly"`
	Category string   `json:"category"`
	NotIn    []string `json:"notIn"`
}

// image is an operating system; its id depends on the zone.
type image struct {
	Distribution string            `json:"distribution"`
	Version      string            `json:"version"`
	User         string            `json:"user"`
	Disk         int               `json:"disk"`
	RAM          int               `json:"ram"`
	IDs          map[string]string `json:"ids"`
	NotIn        []string          `json:"notIn"`
}

func mustReadCatalogue() *catalogueTable {
	var table catalogueTable
	if err := yaml.UnmarshalStrict(catalogueYAML, &table); err != nil {
		panic(fmt.Sprintf("emulator: data/catalogue.yaml: %v", err))
	}
	return &table
}

func (t *catalogueTable) place(code string) place {
	for _, p := range slices.Concat(t.Zones, t.FormerZones) {
		if p.Code == code {
			return p
		}
	}
	return place{Code: code}
}

func (t *catalogueTable) plan(id string) plan {
	for _, p := range t.Plans {
		if p.ID == id {
			return p
		}
	}
	return plan{ID: id}
}

func (t *catalogueTable) plansIn(zone string) []plan {
	return slices.DeleteFunc(slices.Clone(t.Plans), func(p plan) bool { return slices.Contains(p.NotIn, zone) })
}

func (t *catalogueTable) imagesIn(zone string) []image {
	return slices.DeleteFunc(slices.Clone(t.Images), func(i image) bool { return slices.Contains(i.NotIn, zone) })
}

// planIn returns the plan if the zone has it.
func (t *catalogueTable) planIn(zone, id string) (plan, bool) {
	for _, p := range t.plansIn(zone) {
		if p.ID == id {
			return p, true
		}
	}
	return plan{}, false
}

// imageIn returns the image that has this id in the zone.
func (t *catalogueTable) imageIn(zone, id string) (image, bool) {
	for _, i := range t.imagesIn(zone) {
		if i.idIn(zone) == id {
			return i, true
		}
	}
	return image{}, false
}

func (i image) idIn(zone string) string {
	if id, known := i.IDs[zone]; known {
		return id
	}
	return stableID("image", zone, i.Distribution, i.Version)
}

// family is the part of a plan's id that names its generation, for example g2.
func (p plan) family() string {
	for i, r := range p.ID {
		if r == '-' {
			return p.ID[:i]
		}
	}
	return p.ID
}
