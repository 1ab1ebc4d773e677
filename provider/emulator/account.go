package emulator

import "net/http"

// accountRoutes are the operations outside of a zone.
func accountRoutes(r *router) {
	r.handle("GET /ecc/v1/regions", listRegions)
	r.handle("GET /v1/me", readAccount)
}

func listRegions(*call) reply {
	regions := []map[string]any{}
	for _, p := range catalogue.Zones {
		regions = append(regions, map[string]any{
			"flag": "", "country": p.Country, "city_code": "", "city": p.City, "dc_code": p.Code, "dc": p.Name,
			"code": p.Code, "region": p.City + " - " + p.Name, "create": true, "soon": false, "default": p.Default,
			"volume_backed": true, "new": false, "beta": false, "visible": true,
		})
	}
	return withData(http.StatusOK, regions)
}

// readAccount tells which account a key belongs to; the real API serves it from another host.
func readAccount(*call) reply {
	return withData(http.StatusOK, map[string]any{
		"id": stableID("machine-user"), "name": "emulator", "account": map[string]any{"id": stableID("account"), "name": "emulator"},
	})
}
