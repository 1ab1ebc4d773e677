package document

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// Allowed checks the fields with a tag "allow".
func Allowed(c *resource.Checker, inputs any) {
	allowedIn(c, "", reflect.ValueOf(inputs), true)
}

// AllowedAt checks the fields with a tag "allow" of a struct that is at that path of the inputs.
func AllowedAt(c *resource.Checker, path string, inputs any) {
	allowedIn(c, path+".", reflect.ValueOf(inputs), true)
}

func allowedIn(c *resource.Checker, path string, inputs reflect.Value, known bool) {
	for _, field := range wireFields(inputs) {
		at := path + field.path
		if path == "" {
			known = c.Known(field.path)
		}
		if known {
			allowedValue(c, at, field.allow, field.value)
		}
	}
}

func allowedValue(c *resource.Checker, path, allow string, value reflect.Value) {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			allowedValue(c, path, allow, value.Elem())
		}
	case reflect.Struct:
		allowedIn(c, path+".", value, true)
	case reflect.Slice:
		for i := range value.Len() {
			allowedValue(c, fmt.Sprintf("%s[%d]", path, i), allow, value.Index(i))
		}
	case reflect.String:
		if allow != "" && value.String() != "" {
			c.Choice(path, value.String(), strings.Split(allow, "|")...)
		}
	case reflect.Int:
		low, high, ranged := strings.Cut(allow, "..")
		least, _ := strconv.ParseInt(low, 10, 64)
		most, _ := strconv.ParseInt(high, 10, 64)
		if ranged && (value.Int() < least || value.Int() > most) {
			c.Fail(path, "%d is out of range: use %d to %d", value.Int(), least, most)
		}
	}
}
