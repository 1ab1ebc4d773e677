package emulator

import "net/http"

// settingsFamily is a set of settings that every domain has: they are read and changed, never made or deleted.
type settingsFamily struct {
	path    string
	aliases []string // where other descriptions have them
	method  string   // of the change
	silent  bool     // a change is answered with a message only
	plan    int      // the lowest plan that may change them, when plans are checked
	fields  fields
	// accept checks what the fields alone do not tell; show adds what is computed and what time does. Both may be nil.
	accept func(*domain, document, fieldErrors)
	show   func(*call, *domain, map[string]any)
}

func settingsRoutes(r *router) {
	for _, family := range settingsFamilies {
		for _, path := range append([]string{family.path}, family.aliases...) {
			onDomain(r, "GET", path, family.read)
			onDomain(r, family.method, path, gated(family.plan, family.change))
		}
	}
}

// onDomain adds an operation on a domain.
func onDomain(r *router, method, path string, h func(*call, *domain) reply) {
	r.handle(method+" /domains/{domain}"+path, func(c *call) reply {
		d, ok := c.domainOf()
		if !ok {
			return cdnFailure(http.StatusNotFound, "Domain not found.")
		}
		return h(c, d)
	})
}

func (f *settingsFamily) read(c *call, d *domain) reply {
	return withData(http.StatusOK, f.view(c, d))
}

func (f *settingsFamily) view(c *call, d *domain) map[string]any {
	view := f.fields.view(d.Settings[f.path])
	if f.show != nil {
		f.show(c, d, view)
	}
	return view
}

func (f *settingsFamily) change(c *call, d *domain) reply {
	var sent document
	if refusal, ok := c.decode(&sent); !ok {
		return refusal
	}
	changed, errors := d.Settings[f.path].clone(), fieldErrors{}
	f.fields.merge(changed, sent, errors)
	if f.accept != nil {
		f.accept(d, changed, errors)
	}
	if len(errors) > 0 {
		return cdnInvalid(errors)
	}
	if d.Settings == nil {
		d.Settings = map[string]document{}
	}
	d.Settings[f.path] = changed
	c.changed()
	if f.silent {
		return withMessage(http.StatusOK, "Settings updated successfully.")
	}
	return withDataAndMessage(http.StatusOK, f.view(c, d), "Settings updated successfully.")
}

// gated refuses an operation that a domain's plan does not cover, when Variants.PlanGates says that plans are checked.
func gated(plan int, h func(*call, *domain) reply) func(*call, *domain) reply {
	return func(c *call, d *domain) reply {
		if c.emulator.options.Variants.PlanGates && d.Plan < plan {
			return reply{http.StatusMethodNotAllowed, map[string]any{
				"status": false, "message": "Upgrade plan", "required_plan": plan,
			}}
		}
		return h(c, d)
	}
}
