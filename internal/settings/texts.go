package settings

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/iransre/exchange-platform/internal/field"
)

// text is one value of a stack file.
type text struct {
	path  *field.Path
	tag   reflect.StructTag
	value string
	// set puts another value in its place.
	set func(string)
}

// texts visits every text of a configuration, those in lists and maps with the tags of the field that holds them.
func texts(config any, visit func(text)) {
	textsBelow(nil, "", reflect.ValueOf(config).Elem(), func(value string) {}, visit)
}

func textsBelow(path *field.Path, tag reflect.StructTag, value reflect.Value, set func(string), visit func(text)) {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			textsBelow(path, tag, value.Elem(), set, visit)
		}
	case reflect.Struct:
		for declared, inner := range value.Fields() {
			at := path
			if !declared.Anonymous {
				at = below(path, Key(declared))
			}
			textsBelow(at, declared.Tag, inner, inner.SetString, visit)
		}
	case reflect.Slice:
		for i := range value.Len() {
			textsBelow(path.Index(i), tag, value.Index(i), value.Index(i).SetString, visit)
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			// a map's values have no address
			inner := reflect.New(value.Type().Elem()).Elem()
			inner.Set(value.MapIndex(key))
			textsBelow(path.Key(key.String()), tag, inner, inner.SetString, visit)
			value.SetMapIndex(key, inner)
		}
	case reflect.String:
		visit(text{path, tag, value.String(), set})
	}
}

func below(path *field.Path, key string) *field.Path {
	if path == nil {
		return field.NewPath(key)
	}
	return path.Child(key)
}

// login is one that stands in an address: https://user:password@host, or what containers' tools take for that. A digest behind a
// tag is none.
var login = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]*|[^/?#\s@:]+:[^/?#\s@]*)@`)

const loginElsewhere = "holds a login, which would stand in plain text in the state, in previews and on the machines: write the address without it"

// TakeLogins takes logins out of addresses, each of them a mistake: whatever else is said of a value may then be shown. The field's tag
// says where its login belongs:
//
//	login:"goes to …"
func TakeLogins(config any) field.ErrorList {
	var problems field.ErrorList
	texts(config, func(t text) {
		found := login.FindString(t.value)
		if found == "" || t.tag.Get("secret") != "" || strings.HasPrefix(t.value[len(found):], "sha256:") {
			return
		}
		scheme, _, has := strings.Cut(found, "://")
		if has {
			scheme += "://"
		} else {
			scheme = ""
		}
		t.set(scheme + t.value[len(found):])
		cure := loginElsewhere
		if where := t.tag.Get("login"); where != "" {
			cure += "; " + where
		}
		problems = append(problems, field.Forbidden(t.path, cure))
	})
	return problems
}

// Secrets are the paths of the secrets that a configuration holds: fields with the tag `secret:"true"`.
func Secrets(config any) []*field.Path {
	var paths []*field.Path
	texts(config, func(t text) {
		if t.tag.Get("secret") != "" && t.value != "" {
			paths = append(paths, t.path)
		}
	})
	return paths
}
