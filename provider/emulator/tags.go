package emulator

import (
	"net/http"
	"slices"
	"strconv"
)

// tag is a label on things of several kinds.
type tag struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Members []string `json:"members"`
}

func (t *tag) key() string { return t.ID }

func tagRoutes(r *router) {
	r.handle("GET /tags", listTags)
	r.handle("POST /tags", createTag)
	r.handle("PUT /tags/{id}", renameTag)
	r.handle("DELETE /tags/{id}", deleteTag)
	r.handle("PUT /tags/{id}/attach", attachTag)
	r.handle("POST /tags/{id}/attach", attachTag) // the 2022 description's way
	r.handle("POST /tags/{id}/detach", detachTag)
	r.handle("POST /tags/batch", replaceTags)
}

func listTags(c *call) reply {
	tags := []map[string]any{}
	for _, t := range c.zone.Tags {
		tags = append(tags, t.view())
	}
	return withData(http.StatusOK, tags)
}

// createTag tells no id.
func createTag(c *call) reply {
	name, refusal, ok := c.tagName("")
	if !ok {
		return refusal
	}
	t := &tag{ID: newID(), Name: name, Members: []string{}}
	if c.emulator.options.Variants.TagIDsAsNumbers {
		c.world.Sequence++
		t.ID = strconv.Itoa(c.world.Sequence)
	}
	c.zone.Tags = append(c.zone.Tags, t)
	c.changed()
	return withMessage(http.StatusCreated, "Tag created successfully.")
}

func renameTag(c *call) reply {
	t, ok := find(c.zone.Tags, c.param("id"))
	if !ok {
		return notFound("Tag")
	}
	name, refusal, ok := c.tagName(t.ID)
	if !ok {
		return refusal
	}
	t.Name = name
	c.changed()
	return withMessage(http.StatusOK, "Tag updated successfully.")
}

// tagName reads a name that no other tag has.
func (c *call) tagName(own string) (string, reply, bool) {
	var body struct {
		Name string `json:"tag_name"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return "", refusal, false
	}
	if body.Name == "" {
		return "", invalid(fieldErrors{"tag_name": {"The tag name field is required."}}), false
	}
	for _, t := range c.zone.Tags {
		if t.Name == body.Name && t.ID != own {
			return "", failure(http.StatusConflict, "The tag already exists."), false
		}
	}
	return body.Name, reply{}, true
}

func deleteTag(c *call) reply {
	t, ok := find(c.zone.Tags, c.param("id"))
	if !ok {
		return notFound("Tag")
	}
	if len(t.Members) > 0 {
		return failure(http.StatusConflict, "The tag is attached to one or more instances.")
	}
	c.zone.Tags = without(c.zone.Tags, t.ID)
	c.changed()
	return withMessage(http.StatusOK, "Tag deleted successfully.")
}

// instanceBody names a thing that can carry tags.
type instanceBody struct {
	ID   string `json:"instance_id"`
	Type string `json:"instance_type"`
}

func attachTag(c *call) reply {
	if only := c.emulator.options.Variants.TagAttachMethod; only != "" && c.method != only {
		return failure(http.StatusNotFound, "Not Found")
	}
	t, instance, refusal, ok := c.tagAndInstance()
	if !ok {
		return refusal
	}
	if !slices.Contains(t.Members, instance) {
		t.Members = append(t.Members, instance)
		c.changed()
	}
	return withMessage(http.StatusOK, "Tag attached successfully.")
}

func detachTag(c *call) reply {
	t, instance, refusal, ok := c.tagAndInstance()
	if !ok {
		return refusal
	}
	t.detach(instance)
	c.changed()
	return withMessage(http.StatusOK, "Tag detached successfully.")
}

func (c *call) tagAndInstance() (*tag, string, reply, bool) {
	var body instanceBody
	if refusal, ok := c.decode(&body); !ok {
		return nil, "", refusal, false
	}
	t, ok := find(c.zone.Tags, c.param("id"))
	if !ok {
		return nil, "", notFound("Tag"), false
	}
	if !c.zone.has(body.Type, body.ID) {
		return nil, "", notFound("Instance"), false
	}
	return t, body.ID, reply{}, true
}

// replaceTags gives each of the instances exactly the tags of the list.
func replaceTags(c *call) reply {
	var body struct {
		Instances []string `json:"instance_list"`
		Tags      []string `json:"tag_list"`
		Type      string   `json:"instance_type"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	for _, id := range body.Instances {
		if !c.zone.has(body.Type, id) {
			return notFound("Instance")
		}
	}
	for _, id := range body.Tags {
		if _, ok := find(c.zone.Tags, id); !ok {
			return notFound("Tag")
		}
	}
	for _, t := range c.zone.Tags {
		for _, id := range body.Instances {
			t.detach(id)
			if slices.Contains(body.Tags, t.ID) {
				t.Members = append(t.Members, id)
			}
		}
	}
	c.changed()
	return withMessage(http.StatusOK, "Tags replaced successfully.")
}

// has says whether a thing of a kind that can carry tags exists.
func (z *zone) has(kind, id string) bool {
	var ok bool
	switch kind {
	case "server":
		_, ok = z.liveServer(id)
	case "network":
		_, ok = find(z.Networks, id)
	case "image":
		_, ok = z.image(id)
	case "volume":
		_, ok = find(z.Volumes, id)
	case "float_ip":
		_, ok = find(z.FloatingIPs, id)
	case "security_group":
		_, ok = find(z.Groups, id)
	}
	return ok
}

func (t *tag) detach(id string) {
	t.Members = slices.DeleteFunc(t.Members, func(member string) bool { return member == id })
}

func (t *tag) view() map[string]any {
	var id any = t.ID
	if number, err := strconv.Atoi(t.ID); err == nil {
		id = number
	}
	return map[string]any{"id": id, "name": t.Name}
}

// tagNames are the names of a thing's tags.
func (c *call) tagNames(id string) []string {
	names := []string{}
	for _, t := range c.zone.Tags {
		if slices.Contains(t.Members, id) {
			names = append(names, t.Name)
		}
	}
	return names
}
