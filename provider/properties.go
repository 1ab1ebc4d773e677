package provider

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// zeroMeans are the modules in whose resources a zero is a value. In the others it means that an input is not set.
var zeroMeans = []tokens.ModuleName{moduleTraffic, moduleProtection}

// withoutUnset drops empty texts and, unless they mean something, zeros from inputs of a resource. They mean that an input is
// not set, and only make previews and imported code longer.
func withoutUnset(inputs property.Map, of tokens.Type) property.Map {
	return dropUnset(inputs, keepsZeros(of))
}

func keepsZeros(of tokens.Type) bool { return slices.Contains(zeroMeans, of.Module().Name()) }

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
func asGiven(state, inputs property.Map, of tokens.Type) property.Map {
	for name := range inputs.All {
		if value, there := state.GetOk(name); there {
			state = state.Set(name, dropUnsetIn(value, keepsZeros(of)))
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

// secretOutputs are outputs that are always secrets. Inference marks only inputs as such, and what is made from secret inputs.
var secretOutputs = []string{"rootPassword"}

// withSecrets marks the secret ones of a resource's outputs.
func withSecrets(outputs property.Map) property.Map {
	for _, name := range secretOutputs {
		if value, there := outputs.GetOk(name); there {
			outputs = outputs.Set(name, value.WithSecret(true))
		}
	}
	return outputs
}

// laterOutputs are outputs that resources got after their first version, with what they are in states from before. Without them
// such a state could not be decoded, not even to delete the resource.
var laterOutputs = map[string]map[string]property.Value{
	kindServer: {"rootPassword": property.New(""), "pricePerHour": property.New(0.0), "pricePerMonth": property.New(0.0)},
}

// withLaterOutputs adds to a state what it lacks because an earlier version of the provider wrote it.
func withLaterOutputs(state property.Map, of tokens.Type) property.Map {
	if state.Len() == 0 {
		return state
	}
	for name, value := range laterOutputs[ownedKinds[string(of)]] {
		if _, there := state.GetOk(name); !there {
			state = state.Set(name, value)
		}
	}
	return state
}
