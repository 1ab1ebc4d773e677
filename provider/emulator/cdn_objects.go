package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// cdnObject is a rule, a load balancer, a pool or an origin.
type cdnObject struct {
	ID      string       `json:"id"`
	Fields  document     `json:"fields,omitempty"`
	Members []*cdnObject `json:"members,omitempty"` // the pools of a load balancer, the origins of a pool
	Created time.Time    `json:"created"`
	Updated time.Time    `json:"updated"`
}

func (o *cdnObject) key() string { return o.ID }

// collection is a kind of objects that a domain, or an object of another collection, has any number of.
type collection struct {
	path   string // behind the domain or the object that they belong to
	thing  string // what messages call one of them
	kind   string // what Contents calls one of them
	fields fields
	whole  bool   // PUT replaces an object
	patch  fields // what PATCH takes; nil means all fields
	paged  bool   // the list comes in pages
	plan   int    // the lowest plan that may change them, when plans are checked
	unique string // the field that no two may share; empty when none
	// position is the field with the place in the list; empty when only the order of the list tells it.
	position string
	// move is the path, behind what they belong to, of the operation that moves one of them; mover is what its fields call them.
	move, mover string
	members     *collection
	inline      string // the field of a new or replaced object that holds its members
}

// owner finds what the objects of the path belong to, nil when there is no such thing.
type owner func(*call, *domain) *cdnObject

func collectionRoutes(r *router) {
	for _, k := range collections {
		k.routes(r, "", func(_ *call, d *domain) *cdnObject { return d.holder(k.path) })
	}
	r.handle("GET /load-balancers/regions", listBalancerRegions)
	onDomain(r, "GET", "/load-balancers/regions", func(c *call, _ *domain) reply { return listBalancerRegions(c) })
}

// holder has the objects of a collection of the domain as its members.
func (d *domain) holder(path string) *cdnObject {
	if d.Objects == nil {
		d.Objects = map[string]*cdnObject{}
	}
	if d.Objects[path] == nil {
		d.Objects[path] = &cdnObject{}
	}
	return d.Objects[path]
}

// routes adds the operations of a collection below the path of what its objects belong to.
func (k *collection) routes(r *router, base string, of owner) {
	on := func(method, path string, h func(*call, *cdnObject) reply) {
		serve := func(c *call, d *domain) reply {
			if above := of(c, d); above != nil {
				return h(c, above)
			}
			return cdnFailure(http.StatusNotFound, "Resource not found.")
		}
		if method != http.MethodGet {
			serve = gated(k.plan, serve)
		}
		onDomain(r, method, base+path, serve)
	}
	one := k.path + "/{" + k.kind + "}"
	on("GET", k.path, k.list)
	on("POST", k.path, k.create)
	on("GET", one, k.onOne(k.read))
	on("PATCH", one, k.onOne(k.change))
	on("DELETE", one, k.onOne(k.remove))
	if k.whole {
		on("PUT", one, k.onOne(k.replace))
	}
	if k.move != "" {
		on("POST", k.move, k.reprioritize)
	}
	if k.members != nil {
		k.members.routes(r, base+one, func(c *call, d *domain) *cdnObject {
			if above := of(c, d); above != nil {
				o, _ := find(above.Members, c.param(k.kind))
				return o
			}
			return nil
		})
	}
}

// onOne serves an operation on one object of the collection.
func (k *collection) onOne(h func(*call, *cdnObject, *cdnObject) reply) func(*call, *cdnObject) reply {
	return func(c *call, above *cdnObject) reply {
		o, ok := find(above.Members, c.param(k.kind))
		if !ok {
			return cdnFailure(http.StatusNotFound, k.thing+" not found.")
		}
		return h(c, above, o)
	}
}

// list finds what was searched for in any text of the objects.
func (k *collection) list(c *call, above *cdnObject) reply {
	list, search := []map[string]any{}, strings.ToLower(c.query.Get("search"))
	for _, o := range above.Members {
		if search == "" || strings.Contains(strings.ToLower(fmt.Sprint(o.Fields)), search) {
			list = append(list, k.view(o))
		}
	}
	if k.paged {
		return c.page(list)
	}
	return withData(http.StatusOK, list)
}

func (k *collection) create(c *call, above *cdnObject) reply {
	o := &cdnObject{ID: newID(), Fields: document{}, Created: c.now, Updated: c.now}
	if refusal, ok := k.fill(c, above, o); !ok {
		return refusal
	}
	above.Members = append(above.Members, o)
	k.arrange(above, o)
	c.changed()
	return withDataAndMessage(http.StatusCreated, k.view(o), k.thing+" created successfully.")
}

func (k *collection) read(_ *call, _, o *cdnObject) reply { return withData(http.StatusOK, k.view(o)) }

// change sets the fields that are sent.
func (k *collection) change(c *call, above, o *cdnObject) reply {
	var sent document
	if refusal, ok := c.decode(&sent); !ok {
		return refusal
	}
	settable := k.fields
	if k.patch != nil {
		settable = k.patch
	}
	fields, errors := o.Fields.clone(), fieldErrors{}
	settable.merge(fields, sent, errors)
	k.checkUnique(above, o, fields, errors)
	if len(errors) > 0 {
		return cdnInvalid(errors)
	}
	o.Fields, o.Updated = fields, c.now
	k.arrange(above, o)
	c.changed()
	return withDataAndMessage(http.StatusOK, k.view(o), k.thing+" updated successfully.")
}

// replace sets all fields: those that are not sent become what they are initially. The place in the list stays.
func (k *collection) replace(c *call, above, o *cdnObject) reply {
	replaced := &cdnObject{ID: o.ID, Fields: document{}, Created: o.Created, Updated: c.now}
	if place, has := o.Fields[k.position]; has {
		replaced.Fields[k.position] = place
	}
	if refusal, ok := k.fill(c, above, replaced); !ok {
		return refusal
	}
	*o = *replaced
	k.arrange(above, o)
	c.changed()
	return withDataAndMessage(http.StatusOK, k.view(o), k.thing+" updated successfully.")
}

func (k *collection) remove(c *call, above, o *cdnObject) reply {
	above.Members = without(above.Members, o.ID)
	c.changed()
	return withMessage(http.StatusOK, k.thing+" deleted successfully.")
}

// fill writes the whole of a body into an object, or refuses it.
func (k *collection) fill(c *call, above, o *cdnObject) (reply, bool) {
	var sent document
	if refusal, ok := c.decode(&sent); !ok {
		return refusal, false
	}
	errors := fieldErrors{}
	k.fields.require(sent, errors)
	k.fields.merge(o.Fields, sent, errors)
	k.checkUnique(above, o, o.Fields, errors)
	if value := sent[k.inline]; k.inline != "" && value != nil {
		listOf(object(k.members.fields))(k.inline, value, errors)
		items, _ := value.([]any)
		for _, item := range items {
			member := &cdnObject{ID: newID(), Fields: document{}, Created: c.now, Updated: c.now}
			inner, _ := item.(map[string]any)
			k.members.fields.merge(member.Fields, inner, fieldErrors{})
			o.Members = append(o.Members, member)
		}
	}
	if len(errors) > 0 {
		return cdnInvalid(errors), false
	}
	return reply{}, true
}

func (k *collection) checkUnique(above, o *cdnObject, fields document, errors fieldErrors) {
	for _, other := range above.Members {
		if k.unique != "" && other.ID != o.ID && other.Fields[k.unique] == fields[k.unique] {
			errors.add(k.unique, "The "+words(k.unique)+" has already been taken.")
			return
		}
	}
}

// arrange gives an object without a place the last one, and sorts the list by place.
func (k *collection) arrange(above, o *cdnObject) {
	if k.position == "" {
		return
	}
	place := func(o *cdnObject) float64 {
		number, _ := o.Fields[k.position].(float64)
		return number
	}
	if _, placed := o.Fields[k.position]; !placed {
		last := 0.0
		for _, other := range above.Members {
			last = max(last, place(other))
		}
		o.Fields[k.position] = last + 1
	}
	slices.SortStableFunc(above.Members, func(a, b *cdnObject) int { return int(place(a) - place(b)) })
}

// reprioritize moves an object to right behind, or right before, another.
func (k *collection) reprioritize(c *call, above *cdnObject) reply {
	var sent map[string]string
	if refusal, ok := c.decode(&sent); !ok {
		return refusal
	}
	errors := fieldErrors{}
	moved := k.named(above, sent, k.mover, errors)
	after, before := "after_"+k.mover, "before_"+k.mover
	place, offset := after, 1
	if sent[after] == "" {
		place, offset = before, 0
	}
	neighbour := k.named(above, sent, place, errors)
	if len(errors) == 0 && moved == neighbour {
		errors.add(place, "The "+words(place)+" and "+words(k.mover)+" must be different.")
	}
	if len(errors) > 0 {
		return cdnInvalid(errors)
	}
	list := without(above.Members, moved.ID)
	above.Members = slices.Insert(list, slices.Index(list, neighbour)+offset, moved)
	for i, o := range above.Members {
		if k.position != "" {
			o.Fields[k.position] = float64(i + 1)
		}
	}
	c.changed()
	return withMessage(http.StatusOK, k.thing+" moved successfully.")
}

// named finds the object whose id is in a field of the body.
func (k *collection) named(above *cdnObject, sent map[string]string, field string, errors fieldErrors) *cdnObject {
	o, ok := find(above.Members, sent[field])
	if !ok {
		errors.add(field, "The selected "+words(field)+" is invalid.")
	}
	return o
}

func (k *collection) view(o *cdnObject) map[string]any {
	view := k.fields.view(o.Fields)
	view["id"], view["created_at"], view["updated_at"] = o.ID, cdnTimestamp(o.Created), cdnTimestamp(o.Updated)
	if k.members != nil {
		members := []map[string]any{}
		for _, member := range o.Members {
			members = append(members, k.members.view(member))
		}
		view[strings.TrimPrefix(k.members.path, "/")] = members
	}
	return view
}
