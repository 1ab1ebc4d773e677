// Package field says what is wrong with which key of a stack file. Its words and its interface are those of
// k8s.io/apimachinery/pkg/util/validation, which a test holds it to: that and what it brings along took a tenth of the time in which
// the program compiles, for what stands here.
package field

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Path leads to a key: "nodes[2].labels[team]".
type Path struct{ text string }

// NewPath is the path of a key at the top and, in it, of others.
func NewPath(name string, below ...string) *Path {
	return &Path{strings.Join(append([]string{name}, below...), ".")}
}

// Child is the path of a key below.
func (p *Path) Child(name string, below ...string) *Path {
	if p == nil {
		return NewPath(name, below...)
	}
	return &Path{p.text + "." + NewPath(name, below...).text}
}

// Index is the path of an element of a list.
func (p *Path) Index(index int) *Path { return p.Key(strconv.Itoa(index)) }

// Key is the path of an entry of a map.
func (p *Path) Key(key string) *Path {
	if p == nil {
		p = &Path{}
	}
	return &Path{p.text + "[" + key + "]"}
}

// String is the path as it is written.
func (p *Path) String() string {
	if p == nil {
		return "<nil>"
	}
	return p.text
}

// Error is one thing that is wrong.
type Error struct {
	// Kind is what sort of wrong it is, in words: "Invalid value".
	Kind string
	// Field is the path of the key.
	Field string
	// BadValue is shown where it is the matter; OmitValueType hides it.
	BadValue any
	// Detail says what to write instead, or why not.
	Detail string
}

// OmitValueType as a value keeps it out of the message: it may be secret.
type OmitValueType struct{}

// Error is the message, from the path on.
func (e *Error) Error() string { return e.Field + ": " + e.ErrorBody() }

// ErrorBody is the message without the path.
func (e *Error) ErrorBody() string {
	text := e.Kind
	switch value := e.BadValue.(type) {
	case nil, OmitValueType:
	case string:
		text += ": " + strconv.Quote(value)
	default:
		if shown, err := json.Marshal(value); err == nil {
			text += ": " + string(shown)
		}
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Required is for what has to be said and is not; detail says how.
func Required(path *Path, detail string) *Error {
	return &Error{"Required value", path.String(), nil, detail}
}

// Forbidden is for what would be fine elsewhere; detail says why not here.
func Forbidden(path *Path, detail string) *Error {
	return &Error{"Forbidden", path.String(), nil, detail}
}

// Invalid is for a value that cannot be; detail says what can.
func Invalid(path *Path, value any, detail string) *Error {
	return &Error{"Invalid value", path.String(), value, detail}
}

// Duplicate is for a value that is there already.
func Duplicate(path *Path, value any) *Error {
	return &Error{"Duplicate value", path.String(), value, ""}
}

// InternalError is for what is not the fault of whoever wrote the value.
func InternalError(path *Path, err error) *Error {
	return &Error{"Internal error", path.String(), nil, err.Error()}
}

// NotSupported is for a value that is none of the valid ones.
func NotSupported[T ~string](path *Path, value T, valid []T) *Error {
	quoted := make([]string, len(valid))
	for i, each := range valid {
		quoted[i] = strconv.Quote(string(each))
	}
	return &Error{"Unsupported value", path.String(), string(value), "supported values: " + strings.Join(quoted, ", ")}
}

// ErrorList is everything that is wrong.
type ErrorList []*Error

// Err is all of it as one error, a line each; nil for nothing.
func (list ErrorList) Err() error {
	var all []error
	for _, each := range list {
		all = append(all, each)
	}
	return errors.Join(all...)
}

// messages are nil if it is right.
func messages(right bool, format string, args ...any) []string {
	if right {
		return nil
	}
	return []string{fmt.Sprintf(format, args...)}
}
