package emulator

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// document is a JSON object of the CDN as it was decoded: texts, booleans, float64, lists and objects.
type document map[string]any

// field is one field of a kind of documents.
type field struct {
	name     string
	initial  any   // what it is until somebody sets it; nil shows as null
	check    check // nil when it cannot be set
	required bool  // when a document is made
}

// fields describe a kind of documents. What is sent beside them is ignored, as the real API does.
type fields []field

// check notes what is wrong with a value, under the name of its field.
type check func(name string, value any, errors fieldErrors)

// merge writes what was sent into a document, and notes what is wrong with it.
func (f fields) merge(into, sent document, errors fieldErrors) {
	for _, field := range f {
		value, present := sent[field.name]
		if !present || field.check == nil {
			continue
		}
		if value == nil && field.initial == nil {
			delete(into, field.name)
			continue
		}
		field.check(field.name, value, errors)
		into[field.name] = value
	}
}

// require notes which fields a new document lacks.
func (f fields) require(sent document, errors fieldErrors) {
	for _, field := range f {
		if field.required && sent[field.name] == nil {
			errors.add(field.name, "The "+words(field.name)+" field is required.")
		}
	}
}

// view is the document with every field, as it is read.
func (f fields) view(of document) map[string]any {
	view := map[string]any{}
	for _, field := range f {
		view[field.name] = field.initial
		if value, set := of[field.name]; set {
			view[field.name] = value
		}
	}
	return view
}

// text of the document's field; what it is initially when it is not set.
func (f fields) text(of document, name string) string {
	text, _ := f.view(of)[name].(string)
	return text
}

func (d document) clone() document {
	if d == nil {
		return document{}
	}
	return maps.Clone(d)
}

// words is a field's name as messages write it.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

func oneOf(values ...string) check {
	return func(name string, value any, errors fieldErrors) {
		if text, isText := value.(string); !isText || !slices.Contains(values, text) {
			errors.add(name, "The selected "+words(name)+" is invalid.")
		}
	}
}

// onOff takes the two texts; a JSON boolean is refused. The published description lost the quotes around them, and clients that
// were generated from it send booleans.
var onOff = oneOf("on", "off")

func boolean(name string, value any, errors fieldErrors) {
	if _, ok := value.(bool); !ok {
		errors.add(name, "The "+words(name)+" field must be true or false.")
	}
}

func integer(low, high int) check {
	return func(name string, value any, errors fieldErrors) {
		number, ok := value.(float64)
		if !ok || number != math.Trunc(number) {
			errors.add(name, "The "+words(name)+" must be an integer.")
			return
		}
		if number < float64(low) || number > float64(high) {
			errors.add(name, fmt.Sprintf("The %s must be between %d and %d.", words(name), low, high))
		}
	}
}

func text(longest int) check {
	return func(name string, value any, errors fieldErrors) {
		sent, ok := value.(string)
		if !ok {
			errors.add(name, "The "+words(name)+" must be a string.")
		} else if len(sent) > longest {
			errors.add(name, fmt.Sprintf("The %s may not be greater than %d characters.", words(name), longest))
		}
	}
}

func matching(pattern string) check {
	expression := regexp.MustCompile(pattern)
	return func(name string, value any, errors fieldErrors) {
		if sent, ok := value.(string); !ok || !expression.MatchString(sent) {
			errors.add(name, "The "+words(name)+" format is invalid.")
		}
	}
}

func source(name string, value any, errors fieldErrors) {
	sent, _ := value.(string)
	if _, err := netip.ParsePrefix(sent); err == nil {
		return
	}
	if _, err := netip.ParseAddr(sent); err != nil {
		errors.add(name, "The "+words(name)+" must be an IP address or a CIDR.")
	}
}

func listOf(each check) check {
	return func(name string, value any, errors fieldErrors) {
		items, ok := value.([]any)
		if !ok {
			errors.add(name, "The "+words(name)+" must be an array.")
		}
		for i, item := range items {
			each(fmt.Sprintf("%s.%d", name, i), item, errors)
		}
	}
}

func object(inner fields) check {
	return func(name string, value any, errors fieldErrors) {
		sent, ok := value.(map[string]any)
		if !ok {
			errors.add(name, "The "+words(name)+" must be an object.")
			return
		}
		found := fieldErrors{}
		inner.require(sent, found)
		inner.merge(document{}, sent, found)
		for field, messages := range found {
			errors[name+"."+field] = append(errors[name+"."+field], messages...)
		}
	}
}
