// Package document makes resources of the CDN's settings and rules: documents of many fields, whose inputs tell by their tags how
// they are written.
package document

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/iransre/exchange-platform/provider/client"
)

// The CDN's settings and rules are documents of many fields. How inputs become documents and back is told by tags of the inputs'
// fields: wire:"name", or wire:"name,onoff" for a boolean that the API writes as "on" and "off". allow:"a|b" or allow:"1..10"
// tells which values the API takes. A field that is not set is left to ArvanCloud: it is not sent, and not drift.

// wireField is a field of inputs with its tags.
type wireField struct {
	name  string // of the API
	onOff bool
	allow string
	path  string // of the inputs
	value reflect.Value
}

// wireFields lists the fields of a struct that have a tag "wire".
func wireFields(inputs reflect.Value) []wireField {
	var fields []wireField
	for i := range inputs.NumField() {
		tag := inputs.Type().Field(i).Tag
		name, option, _ := strings.Cut(tag.Get("wire"), ",")
		if name == "" {
			continue
		}
		path, _, _ := strings.Cut(tag.Get("pulumi"), ",")
		fields = append(fields, wireField{name, option == "onoff", tag.Get("allow"), path, inputs.Field(i)})
	}
	return fields
}

// From is the document of the inputs' fields that are set. inputs is a struct.
func From(inputs any) client.Document {
	document := client.Document{}
	for _, field := range wireFields(reflect.ValueOf(inputs)) {
		if !field.value.IsZero() {
			document[field.name] = field.document(field.value)
		}
	}
	return document
}

func (f wireField) document(value reflect.Value) any {
	switch value.Kind() {
	case reflect.Pointer:
		return f.document(value.Elem())
	case reflect.Struct:
		return From(value.Interface())
	case reflect.Bool:
		if f.onOff && value.Bool() {
			return "on"
		} else if f.onOff {
			return "off"
		}
	case reflect.Slice:
		list := make([]any, value.Len())
		for i := range list {
			list[i] = f.document(value.Index(i))
		}
		return list
	}
	return value.Interface()
}

// Observe is the inputs as a document describes them. What was not set stays so, unless all is asked for, as by an import.
func Observe[I any](inputs I, document client.Document, all bool) I {
	observe(reflect.ValueOf(&inputs).Elem(), document, all)
	return inputs
}

func observe(inputs reflect.Value, document client.Document, all bool) {
	for _, field := range wireFields(inputs) {
		told, there := document[field.name]
		if !there || (field.value.IsZero() && !all) {
			continue
		}
		field.observe(field.value, told, all)
	}
}

// observe sets a field to what was told, if that is anything of its type. null and "" are nothing.
func (f wireField) observe(value reflect.Value, told any, all bool) {
	if told == nil {
		value.SetZero()
		return
	}
	switch value.Kind() {
	case reflect.Pointer:
		pointed := reflect.New(value.Type().Elem())
		if !value.IsNil() {
			pointed.Elem().Set(value.Elem())
		}
		f.observe(pointed.Elem(), told, all)
		value.Set(pointed)
	case reflect.Struct:
		if object, ok := told.(map[string]any); ok {
			observe(value, object, all || value.IsZero())
		}
	case reflect.Bool:
		value.SetBool(told == true || told == "on")
	case reflect.Int:
		var number client.Integer
		if content, err := json.Marshal(told); err == nil && number.UnmarshalJSON(content) == nil {
			value.SetInt(int64(number))
		}
	case reflect.String:
		value.SetString(fmt.Sprint(told))
	case reflect.Slice:
		list, _ := told.([]any)
		elements := reflect.MakeSlice(value.Type(), len(list), len(list))
		for i, element := range list {
			f.observe(elements.Index(i), element, true)
		}
		if len(list) > 0 || value.Len() > 0 {
			value.Set(elements)
		}
		if len(list) == 0 {
			value.SetZero()
		}
	}
}
