package stacks

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// contractVersion is outputs.ContractVersion, which a test holds it to: the package is for those who read, and costs a second to compile.
const contractVersion = 1

// contract is what the stack tells other teams, by the names of package stacks/outputs: whatever the platform's parts have tagged
// with a path in it, `output:"postgres.rwHost"`, or with several.
func contract(parts *platform) (pulumi.Map, error) {
	told := pulumi.Map{"contractVersion": pulumi.Int(contractVersion)}
	value := reflect.ValueOf(parts).Elem()
	for _, field := range value.Fields() {
		if field.IsNil() {
			continue // this environment has none
		}
		if err := collect(told, "", field); err != nil {
			return nil, err
		}
	}
	return told, nil
}

// collect puts the tagged fields of a part, or of a tagged struct in it, into told. One that is `optional:"true"` may be nil.
func collect(told pulumi.Map, prefix string, part reflect.Value) error {
	part = reflect.Indirect(part)
	for i := range part.NumField() {
		paths, tagged := part.Type().Field(i).Tag.Lookup("output")
		if !tagged {
			continue
		}
		if part.Type().Field(i).Tag.Get("optional") != "" && part.Field(i).IsNil() {
			continue
		}
		for path := range strings.SplitSeq(paths, ",") {
			if err := tell(told, prefix+path, part.Field(i)); err != nil {
				return fmt.Errorf("output %s: %s.%s %w", prefix+path, part.Type(), part.Type().Field(i).Name, err)
			}
		}
	}
	return nil
}

// tell puts one field into told.
func tell(told pulumi.Map, path string, field reflect.Value) error {
	if hasOutputs(field.Type()) {
		return collect(told, path+".", field)
	}
	input, ok := field.Interface().(pulumi.Input)
	if !ok {
		return errors.New("is not filled")
	}
	if !put(told, strings.Split(path, "."), input) {
		return errors.New("is told twice")
	}
	return nil
}

// hasOutputs tells whether a type is a struct with tagged fields.
func hasOutputs(kind reflect.Type) bool {
	if kind.Kind() != reflect.Struct {
		return false
	}
	for field := range kind.Fields() {
		if _, tagged := field.Tag.Lookup("output"); tagged {
			return true
		}
	}
	return false
}

// put writes value below told; it refuses to write over another.
func put(told pulumi.Map, path []string, value pulumi.Input) bool {
	for _, key := range path[:len(path)-1] {
		inner, there := told[key].(pulumi.Map)
		if !there {
			if told[key] != nil {
				return false
			}
			inner = pulumi.Map{}
			told[key] = inner
		}
		told = inner
	}
	last := path[len(path)-1]
	if told[last] != nil {
		return false
	}
	told[last] = value
	return true
}
