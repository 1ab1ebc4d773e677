package emulator

import (
	"net/http"
)

func imageRoutes(r *router) {
	r.handle("GET /images", listImages)
	r.handle("GET /images/marketplaces", func(*call) reply { return withData(http.StatusOK, []any{}) })
	privateImageRoutes(r)
}

// listImages groups the distributions by name; private images are a flat list.
func listImages(c *call) reply {
	switch c.query.Get("type") {
	case "", "distributions", "distro", "arvan":
		return withData(http.StatusOK, distributions(c.zone.Code))
	case "private", "server", "snapshot":
		return withData(http.StatusOK, c.privateImages())
	case "migrate":
		return withData(http.StatusOK, []any{})
	}
	return invalid(fieldErrors{"type": {"The selected type is invalid."}})
}

func distributions(zone string) []map[string]any {
	groups, members := []string{}, map[string][]map[string]any{}
	for _, i := range catalogue.imagesIn(zone) {
		if members[i.Distribution] == nil {
			groups = append(groups, i.Distribution)
		}
		members[i.Distribution] = append(members[i.Distribution], map[string]any{
			"id": i.idIn(zone), "name": i.Version, "distribution_name": i.Distribution,
			"disk": i.Disk, "ram": i.RAM, "ssh_key": i.acceptsKeys(), "ssh_password": true, "documents": []any{},
		})
	}
	list := []map[string]any{}
	for _, name := range groups {
		list = append(list, map[string]any{
			"name": name, "display": true, "images": members[name],
		})
	}
	return list
}

func (i image) acceptsKeys() bool { return i.Distribution != "windows" }

// view is the image as a server carries it.
func (i image) view(zone string) map[string]any {
	return map[string]any{
		"id": i.idIn(zone), "name": i.Distribution + "-" + i.Version, "os": i.Distribution, "os_version": i.Version,
		"status": "active", "username": i.User, "documents": []any{},
		"metadata": map[string]string{"os_distro": i.Distribution, "os_version": i.Version, "username": i.User},
	}
}
