package provider

import (
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// withoutUnset drops empty texts and, unless they mean something, zeros from inputs of a resource. They mean that an input is
// not set, and only make previews and imported code longer.
func withoutUnset(inputs property.Map, row resource.Row) property.Map {
	return dropUnset(inputs, row.KeepsZeros)
}

func dropUnset(inputs property.Map, keepZeros bool) property.Map {
	kept := map[string]property.Value{}
	for name, value := range inputs.All {
		if value.IsString() && value.AsString() == "" || value.IsNumber() && value.AsNumber() == 0 && !keepZeros {
			continue
		}
		kept[name] = dropUnsetIn(value, keepZeros)
	}
	return property.NewMap(kept)
}

func dropUnsetIn(value property.Value, keepZeros bool) property.Value {
	switch {
	case value.IsMap():
		return property.WithGoValue(value, dropUnset(value.AsMap(), keepZeros))
	case value.IsArray():
		elements := make([]property.Value, 0, value.AsArray().Len())
		for _, element := range value.AsArray().All {
			elements = append(elements, dropUnsetIn(element, keepZeros))
		}
		return property.WithGoValue(value, property.NewArray(elements))
	}
	return value
}

// asGiven writes the inputs in a state as the inputs of an update are written: without what is not set, at any depth. Inference
// compares the two to tell what an update changes, and an output that depends on a list of which only the wording differs would
// be unknown in each preview.
func asGiven(state, inputs property.Map, row resource.Row) property.Map {
	for name := range inputs.All {
		if value, there := state.GetOk(name); there {
			state = state.Set(name, dropUnsetIn(value, row.KeepsZeros))
		}
	}
	return state
}

// withUnknowns puts back what a preview does not know yet: inference loses a list or map of which nothing is known, at any
// depth, so that it would look like one that is not given.
func withUnknowns(result, inputs property.Map) property.Map {
	for name, input := range inputs.All {
		if !input.HasComputed() {
			continue
		}
		value, there := result.GetOk(name)
		if there {
			result = result.Set(name, withUnknownsIn(value, input))
		} else {
			result = result.Set(name, input)
		}
	}
	return result
}

func withUnknownsIn(value, input property.Value) property.Value {
	switch {
	case value.IsComputed():
		return value
	case value.IsMap() && input.IsMap():
		return property.WithGoValue(value, withUnknowns(value.AsMap(), input.AsMap()))
	case value.IsArray() && input.IsArray() && value.AsArray().Len() == input.AsArray().Len():
		elements := make([]property.Value, 0, value.AsArray().Len())
		for i, element := range value.AsArray().All {
			elements = append(elements, withUnknownsIn(element, input.AsArray().Get(i)))
		}
		return property.WithGoValue(value, property.NewArray(elements))
	case input.HasComputed():
		return input
	}
	return value
}

// withSecrets marks the secret ones of a resource's outputs, or of the inputs that an import or a refresh tells.
func withSecrets(outputs property.Map, row resource.Row) property.Map {
	for _, name := range row.Secrets {
		if value, there := outputs.GetOk(name); there {
			outputs = outputs.Set(name, value.WithSecret(true))
		}
	}
	return outputs
}

// withLaterOutputs adds to a state what it lacks because an earlier version of the provider wrote it.
func withLaterOutputs(state property.Map, row resource.Row) property.Map {
	if state.Len() == 0 {
		return state
	}
	for name, value := range row.Later {
		if _, there := state.GetOk(name); !there {
			state = state.Set(name, value)
		}
	}
	return state
}

// withUnknownPrices makes prices that a preview could not find out unknown, instead of nothing.
func withUnknownPrices(result property.Map) property.Map {
	for _, name := range []string{"pricePerHour", "pricePerMonth"} {
		if price, there := result.GetOk(name); there && price.IsNumber() && price.AsNumber() == 0 {
			result = result.Set(name, property.New(property.Computed))
		}
	}
	return result
}
