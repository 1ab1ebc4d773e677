package emulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// call is one API request while a handler serves it. The world is locked.
type call struct {
	emulator   *Emulator
	world      *world
	method     string
	path       string
	zone       *zone // nil outside /regions/{zone}
	parameters map[string]string
	query      url.Values
	body       []byte
	// contentType says what the body is; operations that take JSON do not ask.
	contentType string
	now         time.Time
	effects     effects
}

// param returns a parameter of the path.
func (c *call) param(name string) string { return c.parameters[name] }

// decode reads the JSON body into target. The reply is the refusal when that fails.
func (c *call) decode(target any) (reply, bool) {
	if len(c.body) == 0 {
		return reply{}, true
	}
	if err := json.Unmarshal(c.body, target); err != nil {
		return failure(http.StatusBadRequest, "The request body is not what the operation expects: "+err.Error()), false
	}
	return reply{}, true
}

// changed notes that the world is not what the state file says.
func (c *call) changed() { c.emulator.dirty = true }

// reply is a status and a JSON body; no body at all when nil.
type reply struct {
	status int
	body   map[string]any
}

// withData is the envelope of reads.
func withData(status int, data any) reply {
	return reply{status, map[string]any{"data": data}}
}

// withDataAndMessage is the envelope of creations.
func withDataAndMessage(status int, data any, message string) reply {
	return reply{status, map[string]any{"data": data, "message": message}}
}

// withMessage is the envelope of actions, which tell no id.
func withMessage(status int, message string) reply {
	return reply{status, map[string]any{"message": message}}
}

// failure is the error envelope without field errors.
func failure(status int, message string) reply { return withMessage(status, message) }

// notFound says which thing does not exist.
func notFound(thing string) reply { return failure(http.StatusNotFound, thing+" not found.") }

// fieldErrors are validation errors by field.
type fieldErrors map[string][]string

func (f fieldErrors) add(field, message string) { f[field] = append(f[field], message) }

// invalid is the validation error envelope of v1.
func invalid(errors fieldErrors) reply {
	return reply{http.StatusUnprocessableEntity, map[string]any{"message": "The given data was invalid.", "errors": errors}}
}

// write sends the reply.
func (r reply) write(w http.ResponseWriter) {
	if r.body == nil {
		w.WriteHeader(r.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	// The client is gone when this fails; nobody is left to tell.
	_ = json.NewEncoder(w).Encode(r.body)
}
