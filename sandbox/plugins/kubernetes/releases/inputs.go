package releases

import "github.com/pulumi/pulumi/sdk/v3/go/property"

// The inputs that a state always has, whether the program sets them or not.
var (
	switches = []string{
		"allowNullValues", "atomic", "cleanupOnFail", "createNamespace", "dependencyUpdate", "devel", "disableCRDHooks",
		"disableOpenapiValidation", "disableWebhooks", "forceUpdate", "lint", "recreatePods", "renderSubchartNotes",
		"replace", "resetValues", "reuseValues", "skipAwait", "skipCrds", "verify", "waitForJobs",
	}
	texts           = []string{"chart", "description", "keyring", "name", "namespace", "postrender", "version"}
	repositoryTexts = []string{"repo", "caFile", "certFile", "keyFile", "password", "username"}
)

// complete fills in what the inputs do not say, as the official provider does, so that either can continue the other's
// state.
func complete(inputs property.Map) property.Map {
	inputs = withDefault(inputs, switches, property.New(false))
	inputs = withDefault(inputs, texts, property.New(""))
	inputs = withDefault(inputs, []string{"values"}, property.New(property.Map{}))
	inputs = withDefault(inputs, []string{"timeout"}, property.New(0.0))
	if repository := inputs.Get("repositoryOpts"); repository.IsMap() {
		filled := withDefault(repository.AsMap(), repositoryTexts, property.New(""))
		inputs = inputs.Set("repositoryOpts", property.New(filled).WithSecret(repository.Secret()))
	}
	for name, value := range inputs.All {
		if value.IsNull() {
			inputs = inputs.Delete(name)
		}
	}
	return inputs
}

func withDefault(inputs property.Map, names []string, value property.Value) property.Map {
	for _, name := range names {
		if inputs.Get(name).IsNull() {
			inputs = inputs.Set(name, value)
		}
	}
	return inputs
}
