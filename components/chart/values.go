package chart

// Requests are the resources of a container, as every chart asks for them: what the scheduler keeps free, with no limit.
func Requests(cpu, memory string) map[string]any {
	return map[string]any{"requests": map[string]any{"cpu": cpu, "memory": memory}}
}

// storage is what a container writes on its node's disk.
const storage = "ephemeral-storage"

// Little are such resources of a container that writes next to nothing, in a namespace whose others write much (StorageGiB).
func Little(cpu, memory string) map[string]any {
	resources := Requests(cpu, memory)
	resources["requests"].(map[string]any)[storage] = "128Mi"
	resources["limits"] = map[string]any{storage: "1Gi"}
	return resources
}

// BitnamiGlobal are the global values all of Bitnami's charts need here: they refuse images that are not from their own
// repositories, and their free images live on in bitnamilegacy only.
func BitnamiGlobal() map[string]any {
	return map[string]any{"security": map[string]any{"allowInsecureImages": true}}
}

// BitnamiImages are the images of a catalogue entry, by role, in the form of Bitnami's charts.
func BitnamiImages(entry string, roles ...string) (map[string]map[string]any, error) {
	images := map[string]map[string]any{}
	for _, role := range roles {
		image, err := ImageOf(entry, role)
		if err != nil {
			return nil, err
		}
		images[role] = map[string]any{
			"registry": image.Registry, "repository": image.Repository, "tag": image.Tag,
		}
	}
	return images, nil
}
