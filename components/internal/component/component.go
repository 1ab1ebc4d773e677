// Package component holds what every component resource of the platform shares: its constructor.
package component

import (
	"fmt"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// New registers self as a component resource of type token (for example "exchange:postgres:Postgres"), runs build to make
// its children and fill its output fields, and registers those outputs. Because the outputs are read from the fields of
// self tagged `pulumi:"…"` after build has returned, no author can forget to register one.
//
// build receives the option that makes a child of self: pass it to every resource it makes. An error of build comes back
// wrapped with the component's name.
func New[C pulumi.ComponentResource](
	ctx *pulumi.Context, token, name string, self C, opts []pulumi.ResourceOption,
	build func(child pulumi.ResourceOption) error,
) (C, error) {
	var none C
	if err := ctx.RegisterComponentResource(token, name, self, opts...); err != nil {
		return none, fmt.Errorf("%s %q: register: %w", token, name, err)
	}
	if err := build(pulumi.Parent(self)); err != nil {
		return none, fmt.Errorf("%s %q: %w", token, name, err)
	}
	outputs, err := outputsOf(self)
	if err != nil {
		return none, fmt.Errorf("%s %q: outputs: %w", token, name, err)
	}
	if err := ctx.RegisterResourceOutputs(self, outputs); err != nil {
		return none, fmt.Errorf("%s %q: register outputs: %w", token, name, err)
	}
	return self, nil
}

// outputsOf collects the fields of the struct behind self that carry a `pulumi:"name"` tag. A tagged field that is not
// exported, not a pulumi.Input, left nil, or named twice is the author's mistake and is reported as one.
func outputsOf(self any) (pulumi.Map, error) {
	value := reflect.Indirect(reflect.ValueOf(self))
	outputs := pulumi.Map{}
	for i := range value.NumField() {
		field := value.Type().Field(i)
		name, tagged := field.Tag.Lookup("pulumi")
		if !tagged {
			continue
		}
		if !field.IsExported() {
			return nil, fmt.Errorf("field %s is tagged as output %q but is not exported", field.Name, name)
		}
		if _, twice := outputs[name]; twice {
			return nil, fmt.Errorf("field %s: output %q is there twice", field.Name, name)
		}
		input, ok := value.Field(i).Interface().(pulumi.Input)
		if !ok {
			return nil, fmt.Errorf("field %s (%s) is nil or cannot be an output", field.Name, field.Type)
		}
		outputs[name] = input
	}
	return outputs, nil
}
