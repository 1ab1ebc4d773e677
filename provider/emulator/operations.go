package emulator

import (
	"cmp"
	"slices"
	"strings"
)

// Operation is one operation of the API that the emulator serves.
type Operation struct {
	Method string `json:"method"`
	// Path is the whole path with its parameters in braces, for example /ecc/v1/regions/{zone}/servers/{id}.
	Path string `json:"path"`
}

// Operations lists all operations that the emulator serves, by path and method. Two spellings of one operation, where the
// descriptions of the API disagree, are two operations.
func Operations() []Operation {
	var operations []Operation
	for _, r := range *apiTable.routes {
		operations = append(operations, Operation{Method: r.method, Path: "/" + strings.Join(r.segments, "/")})
	}
	slices.SortFunc(operations, func(a, b Operation) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return operations
}

// apiTable is all routes of the API. They are the same for every emulator.
var apiTable = apiRoutes()

// Operation is which of Operations served the call: the same method, and the path as a pattern. It is the zero value for a
// call that no operation serves.
func (r RequestRecord) Operation() Operation {
	path, _, _ := strings.Cut(r.Path, "?")
	matched := apiTable.find(r.Method, path)
	if matched == nil {
		return Operation{}
	}
	return Operation{Method: matched.method, Path: "/" + strings.Join(matched.segments, "/")}
}
