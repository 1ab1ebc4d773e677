package emulator

import (
	"math"
	"net/http"
	"strconv"
)

const (
	gigabyte      = 1 << 30
	hoursPerMonth = 720
)

func sizeRoutes(r *router) {
	r.handle("GET /sizes", listSizes)
	r.handle("GET /sizes/{id}", readSize)
	r.handle("POST /sizes/{id}", priceSize)
	r.handle("GET /sizes/by-server/{id}", listSizesForServer)
}

func listSizes(c *call) reply {
	sizes := []map[string]any{}
	for i, p := range catalogue.plansIn(c.zone.Code) {
		sizes = append(sizes, p.view(c.zone.Code, i))
	}
	return withData(http.StatusOK, sizes)
}

func readSize(c *call) reply {
	p, ok := catalogue.planIn(c.zone.Code, c.param("id"))
	if !ok {
		return notFound("Size")
	}
	return withData(http.StatusOK, p.view(c.zone.Code, 0))
}

// priceSize tells what a plan costs with a root disk of a given size.
func priceSize(c *call) reply {
	p, ok := catalogue.planIn(c.zone.Code, c.param("id"))
	if !ok {
		return notFound("Size")
	}
	var body struct {
		VolumeSize int `json:"volume_size"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	hourly := p.Hourly + float64(body.VolumeSize)*catalogue.VolumeHourlyPerGB["ssd"]
	return withData(http.StatusOK, map[string]any{
		"id": p.ID, "price_per_hour": hourly, "price_per_day": hourly * 24, "price_per_month": int(math.Round(hourly * hoursPerMonth)),
	})
}

// listSizesForServer lists the plans a server can be resized to.
func listSizesForServer(c *call) reply {
	s, ok := c.zone.server(c.param("id"))
	if !ok {
		return notFound("Server")
	}
	sizes := []map[string]any{}
	for i, p := range catalogue.plansIn(c.zone.Code) {
		if p.ID != s.Plan {
			sizes = append(sizes, p.view(c.zone.Code, i))
		}
	}
	return withData(http.StatusOK, sizes)
}

// view is the plan on the wire. Its memory is in GB, unlike the ram of a server's flavor.
func (p plan) view(zone string, order int) map[string]any {
	return map[string]any{
		"id":                       p.ID,
		"name":                     p.ID,
		"cpu_count":                p.Cores,
		"memory":                   p.MemoryGB,
		"memory_in_bytes":          int64(p.MemoryGB) * gigabyte,
		"disk":                     p.Disk,
		"disk_in_bytes":            int64(p.Disk) * gigabyte,
		"bandwidth_in_bytes":       0,
		"generation":               p.family(),
		"type":                     p.family(),
		"subtype":                  p.Category,
		"category":                 p.Category,
		"base_package":             "",
		"cpu_share":                "",
		"order":                    strconv.Itoa(order),
		"pps":                      []int{},
		"iops_max_hdd":             500,
		"iops_max_ssd":             3000,
		"throughput":               200,
		"outbound":                 0,
		"port_speed":               1000,
		"off":                      "",
		"off_percent":              "",
		"price_per_hour":           p.Hourly,
		"price_per_day":            p.Hourly * 24,
		"price_per_month":          int(math.Round(p.Hourly * hoursPerMonth)),
		"create_type":              "cinder",
		"canary":                   false,
		"default":                  order == 0,
		"spot":                     false,
		"availabilityZone":         zone,
		"gpu_name":                 "",
		"gpu_memory":               0,
		"gpu_processor":            "",
		"gpu_manufacturer":         "",
		"prepaid_package_template": nil,
	}
}
