package emulator

import (
	"net/http"
	"net/url"
	"time"
)

// privateImage is an image that was imported, or made of a snapshot. It belongs to one zone.
type privateImage struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Status  string      `json:"status"`
	URL     string      `json:"url,omitempty"`
	Base    string      `json:"base,omitempty"` // the id of the image that the server of the snapshot was made of
	MinDisk int         `json:"minDisk"`
	MinRAM  int         `json:"minRam"`
	Created time.Time   `json:"created"`
	Next    *transition `json:"next,omitempty"`
}

func (i *privateImage) key() string { return i.ID }

func privateImageRoutes(r *router) {
	r.handle("POST /images/import", importImage)
	r.handle("DELETE /images/{id}", deleteImage)
}

// importImage tells no id: the image shows in the list, first as importing.
func importImage(c *call) reply {
	var body struct {
		Name    string `json:"name"`
		URL     string `json:"url"`
		MinDisk int    `json:"minDisk"`
		MinRAM  int    `json:"minRam"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	errors := fieldErrors{}
	if body.Name == "" {
		errors.add("name", "The name field is required.")
	}
	if source, err := url.Parse(body.URL); err != nil || source.Host == "" || source.Scheme != "http" && source.Scheme != "https" {
		errors.add("url", "The url format is invalid.")
	}
	if body.MinDisk < 0 || body.MinRAM < 0 {
		errors.add("minDisk", "The min disk and the min ram must be at least 0.")
	}
	if len(errors) > 0 {
		return invalid(errors)
	}
	c.newImage(&privateImage{Name: body.Name, URL: body.URL, MinDisk: body.MinDisk, MinRAM: body.MinRAM}, "importing")
	return withMessage(http.StatusCreated, "The image is being imported.")
}

// newImage adds an image that becomes active.
func (c *call) newImage(i *privateImage, during string) {
	i.ID, i.Status, i.Created = newID(), during, c.now
	i.Next = &transition{Status: "active", Wait: c.emulator.options.Pace.Action.begin(c.now)}
	c.zone.Images = append(c.zone.Images, i)
	c.changed()
}

func deleteImage(c *call) reply {
	if _, ok := find(c.zone.Images, c.param("id")); !ok {
		return notFound("Image")
	}
	c.zone.Images = without(c.zone.Images, c.param("id"))
	c.changed()
	return withMessage(http.StatusOK, "Image deleted successfully.")
}

// privateImages is the flat list of the private images.
func (c *call) privateImages() []map[string]any {
	list := []map[string]any{}
	for _, i := range c.zone.Images {
		if i.settle(c.now) {
			c.changed()
		}
		if i.Next != nil {
			i.Next.Wait.read()
		}
		list = append(list, map[string]any{
			"id": i.ID, "status": i.Status, "name": i.Name, "min_ram": i.MinRAM, "min_disk": i.MinDisk, "disk_format": "qcow2",
			"size": int64(max(1, i.MinDisk)) * gigabyte, "real_size": int64(max(1, i.MinDisk)) * gigabyte, "checksum": "",
			"created_at": timestamp(i.Created), "container_format": "bare", "tags": c.tagNames(i.ID), "abrak": "", "abrak_id": "",
			"image_type": "private",
		})
	}
	return list
}

func (i *privateImage) settle(now time.Time) bool {
	if i.Next == nil || !i.Next.Wait.over(now) {
		return false
	}
	i.Status, i.Next = i.Next.Status, nil
	return true
}

// image returns what a server of the zone can be made of: a distribution, or a private image that is active.
func (z *zone) image(id string) (image, bool) {
	if found, ok := catalogue.imageIn(z.Code, id); ok {
		return found, true
	}
	i, ok := find(z.Images, id)
	if !ok || i.Status != "active" {
		return image{Distribution: "other", Version: "unknown", IDs: map[string]string{z.Code: id}}, false
	}
	made := image{Distribution: "other", Version: i.Name}
	if base, ok := catalogue.imageIn(z.Code, i.Base); ok {
		made = base
	}
	made.Disk, made.RAM, made.IDs = i.MinDisk, i.MinRAM, map[string]string{z.Code: id}
	return made, true
}
