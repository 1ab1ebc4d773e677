package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// What the variant TerraformProvider changes: github.com/arvancloud/terraform-provider-arvan at v0.6.4 decodes replies into types that
// agree with no description of the API, and a field of another type ends its run. Its source is all that tells these forms.

// zone finds a zone. Former ones come into being when they are asked for.
func (e *Emulator) zone(code string) *zone {
	z := e.world.zone(code)
	if z == nil && e.options.Variants.TerraformProvider && slices.ContainsFunc(catalogue.FormerZones, func(p place) bool { return p.Code == code }) {
		z = newZone(code, e.now(), e.pool)
		e.world.Zones, e.dirty = append(e.world.Zones, z), true
	}
	return z
}

// readPlainQuota tells numbers only, one of them by another name.
func readPlainQuota(c *call) reply {
	if !c.emulator.options.Variants.TerraformProvider {
		return failure(http.StatusNotFound, "Not Found")
	}
	answer := readQuota(c)
	quota := answer.body["data"].(map[string]any)
	for name, value := range quota {
		if limit, isLimit := value.(map[string]any); isLimit {
			quota[name] = limit["value"]
		}
	}
	quota["total_floating_ip_used"] = quota["total_floating_ips_used"]
	return answer
}

// forTerraform changes the form of what a reply holds.
func (c *call) forTerraform(value any) {
	switch v := value.(type) {
	case []map[string]any:
		for _, each := range v {
			c.forTerraform(each)
		}
	case map[string]any:
		for field, inner := range v {
			v[field] = c.fieldForTerraform(v, field, inner)
			c.forTerraform(v[field])
		}
	}
}

func (c *call) fieldForTerraform(of map[string]any, field string, value any) any {
	switch field {
	case "host_routes": // a text, and so are the next three
		if routes, ok := value.([]map[string]any); ok {
			lines := []string{}
			for _, route := range routes {
				lines = append(lines, fmt.Sprintf("%v,%v", route["destination"], route["nexthop"]))
			}
			return strings.Join(lines, "\n")
		}
	case "service_types":
		return ""
	case "availability_zones", "availability_zone_hints":
		if names, ok := value.([]string); ok {
			return strings.Join(names, ",")
		}
	case "price_per_hour":
		return fmt.Sprint(value)
	case "security_groups": // of a server: readonly is a text there, and a boolean in the list of groups
		groups, _ := value.([]map[string]any)
		for _, group := range groups {
			if _, told := group["readonly"]; told {
				group["readonly"] = ""
			}
		}
	case "float_ip": // whether there is one
		return value != nil && value != false
	case "tags": // with their ids, as a server has them
		if names, ok := value.([]string); ok {
			return c.tagsNamed(names)
		}
	case "addresses": // of the servers of networks: objects
		if networks, ok := value.(map[string]any); ok {
			return addressObjects(networks, of["ips"])
		}
	}
	return value
}

func (c *call) tagsNamed(names []string) []map[string]any {
	tags := []map[string]any{}
	for _, t := range c.zone.Tags {
		if slices.Contains(names, t.Name) {
			tags = append(tags, t.view())
		}
	}
	return tags
}

// addressObjects writes addresses by network as objects, with what is told of them beside.
func addressObjects(networks map[string]any, told any) map[string]any {
	ips, _ := told.([]map[string]any)
	objects := map[string]any{}
	for network, value := range networks {
		addresses, ok := value.([]string)
		if !ok {
			return networks
		}
		list := []map[string]any{}
		for _, ip := range ips {
			if slices.Contains(addresses, fmt.Sprint(ip["ip"])) {
				list = append(list, map[string]any{
					"mac_address": ip["mac_address"], "version": ip["version"], "addr": ip["ip"], "type": "fixed", "is_public": ip["public"],
				})
			}
		}
		objects[network] = list
	}
	return objects
}
