package props

import "github.com/pulumi/pulumi/sdk/v3/go/property"

// MarkSecrets returns out with everything secret that is so in the inputs it comes from, and with the data of every
// Kubernetes Secret. A list with a secret anywhere in it is secret as a whole, because the server may reorder it.
func MarkSecrets(out, in property.Map) property.Map {
	if kind := out.Get("kind"); kind.IsString() && kind.AsString() == "Secret" {
		for _, key := range []string{"data", "stringData"} {
			if value, there := out.GetOk(key); there {
				out = out.Set(key, value.WithSecret(true))
			}
		}
		return out
	}
	for key, inValue := range in.All {
		outValue, there := out.GetOk(key)
		switch {
		case !there:
		case outValue.IsMap() && inValue.IsMap() && !inValue.Secret():
			out = out.Set(key, property.New(MarkSecrets(outValue.AsMap(), inValue.AsMap())).WithSecret(outValue.Secret()))
		case inValue.HasSecrets():
			out = out.Set(key, outValue.WithSecret(true))
		}
	}
	return out
}
