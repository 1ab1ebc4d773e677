package alerts

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// Overview is the group of the one page before all: no rules are about it.
const Overview = "overview"

// Dashboard is what people look at for one capability.
type Dashboard struct {
	Capability string  `yaml:"capability"`
	Title      string  `yaml:"title"`
	Panels     []Panel `yaml:"panels"`
}

// Panel is one picture of it.
type Panel struct {
	// Group is the group of rules that it belongs to.
	Group string `yaml:"group"`
	Title string `yaml:"title"`
	// Kind is "stat", a number, or empty for a line over time.
	Kind string `yaml:"kind,omitempty"`
	// Unit is Grafana's name of one.
	Unit string `yaml:"unit,omitempty"`
	// Legend is how each line is called, with labels in it.
	Legend  string   `yaml:"legend,omitempty"`
	Queries []string `yaml:"queries"`
	// Worst is from where a value is red, Least is below which one is; nil for neither.
	Worst *float64 `yaml:"worst,omitempty"`
	Least *float64 `yaml:"least,omitempty"`
}

// Dashboards are all of them, read once, too.
var Dashboards = sync.OnceValues(func() ([]Dashboard, error) {
	var read struct{ Dashboards []Dashboard }
	err := decode("dashboards.yaml", &read)
	return read.Dashboards, err
})

// Grafana renders the dashboards with the panels of these groups, as the files that Grafana reads, by name.
func Grafana(groups ...string) (map[string]string, error) {
	all, err := Dashboards()
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, dashboard := range all {
		dashboard.Panels = slices.DeleteFunc(slices.Clone(dashboard.Panels), func(panel Panel) bool { return !slices.Contains(groups, panel.Group) })
		if len(dashboard.Panels) == 0 {
			continue
		}
		text, err := json.MarshalIndent(dashboard.grafana(), "", " ")
		if err != nil {
			return nil, fmt.Errorf("the dashboard %q: %w", dashboard.Title, err)
		}
		files["platform-"+dashboard.Capability+".json"] = string(text) + "\n"
	}
	return files, nil
}

type object = map[string]any

// source is whichever Prometheus is chosen above the panels.
var source = object{"type": "prometheus", "uid": "${source}"}

// Grafana's grid has 24 columns.
const columns, lineHeight, statHeight = 24, 8, 4

func (d *Dashboard) grafana() object {
	panels := []object{}
	x, y, height := 0, 0, 0
	for i, panel := range d.Panels {
		width, own := 12, lineHeight
		if panel.Kind == "stat" {
			width, own = 4, statHeight
		}
		if x+width > columns || (height != 0 && own != height) {
			x, y = 0, y+height
		}
		height = own
		made := panel.grafana()
		made["id"], made["gridPos"] = i+1, object{"x": x, "y": y, "w": width, "h": own}
		panels = append(panels, made)
		x += width
	}
	return object{
		"uid": "platform-" + d.Capability, "title": d.Title, "tags": []string{"platform"}, "editable": false,
		"schemaVersion": 41, "timezone": "browser", "refresh": "1m", "time": object{"from": "now-6h", "to": "now"},
		"templating": object{"list": []object{{
			"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0,
		}}},
		// from one to the others
		"links":  []object{{"title": "Platform", "type": "dashboards", "tags": []string{"platform"}, "asDropdown": true, "keepTime": true}},
		"panels": panels,
	}
}

func (p *Panel) grafana() object {
	kind := "timeseries"
	if p.Kind != "" {
		kind = p.Kind
	}
	targets := []object{}
	for i, query := range p.Queries {
		target := object{"refId": string(rune('A' + i)), "expr": query, "datasource": source}
		if p.Legend != "" {
			target["legendFormat"] = p.Legend
		}
		targets = append(targets, target)
	}
	defaults := object{"min": 0, "unit": p.Unit}
	if p.Unit == "" {
		defaults["unit"] = "short"
	}
	if steps := p.steps(); steps != nil {
		defaults["thresholds"] = object{"mode": "absolute", "steps": steps}
		if p.Kind == "" {
			defaults["custom"] = object{"thresholdsStyle": object{"mode": "line"}}
		}
	}
	return object{
		"type": kind, "title": p.Title, "datasource": source, "targets": targets,
		"fieldConfig": object{"defaults": defaults, "overrides": []object{}},
	}
}

// steps are from where a value has which colour; the first is for all below the second.
func (p *Panel) steps() []object {
	switch {
	case p.Worst != nil:
		return []object{{"color": "green", "value": nil}, {"color": "red", "value": *p.Worst}}
	case p.Least != nil:
		return []object{{"color": "red", "value": nil}, {"color": "green", "value": *p.Least}}
	}
	return nil
}
