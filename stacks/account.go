package stacks

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/providers"
)

// The stack's configuration reaches default providers only. The program's providers are its own, so what a user says of them
// is handed on here, or refused: nothing is passed over in silence.
const (
	apiKey          = "arvancloud:apiKey"
	additionalZones = "arvancloud:additionalZones"
	addressPrice    = "arvancloud:addressPricePerHour"
)

// providersKeys are the keys of the program's providers, each with what may be said with it: nothing, or where else it is said.
var providersKeys = map[string]string{
	apiKey: "", additionalZones: "", addressPrice: "",
	"arvancloud:zone":     "the zone is said once for the machines and the provider: exchange-platform:cloud.zone",
	"arvancloud:endpoint": "the API's address is said in exchange-platform:cloud.endpoint",
}

// account is what the configuration says of the account at ArvanCloud, but for its key.
type account struct {
	zones []string
	price *float64
}

// readAccount refuses keys that would not reach the program's providers, and reads those that do.
func readAccount(raw map[string]string) (account, field.ErrorList) {
	var read account
	var problems field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		namespace, _, _ := strings.Cut(name, ":")
		path := field.NewPath(name)
		elsewhere, known := providersKeys[name]
		switch {
		case elsewhere != "":
			problems = append(problems, field.Forbidden(path, elsewhere))
		case !known && namespace == "arvancloud":
			problems = append(problems, field.Forbidden(path, "unknown key; the known ones are "+
				strings.Join([]string{additionalZones, addressPrice, apiKey}, ", ")))
		case !known && slices.Contains([]string{"kubernetes", "command", "random"}, namespace):
			problems = append(problems, field.Forbidden(path, "the program configures this provider itself: remove the key"))
		}
	}
	if text, set := raw[additionalZones]; set && json.Unmarshal([]byte(text), &read.zones) != nil {
		problems = append(problems, field.Forbidden(field.NewPath(additionalZones), "must be a list of texts: pulumi config set --path '"+additionalZones+"[0]' ZONE"))
	}
	if text, set := raw[addressPrice]; set && json.Unmarshal([]byte(text), &read.price) != nil {
		problems = append(problems, field.Forbidden(field.NewPath(addressPrice), "must be a number"))
	}
	return read, problems
}

// accountArgs are the provider's inputs that the stack's sections do not have. A key from the environment is not among
// them: the provider reads it there, and it never gets into the state.
func accountArgs(ctx *pulumi.Context, args *providers.ArvanCloud) error {
	raw := map[string]string{}
	for name := range providersKeys {
		if text, set := ctx.GetConfig(name); set {
			raw[name] = text
		}
	}
	read, problems := readAccount(raw)
	if len(problems) > 0 {
		return invalid(problems)
	}
	if len(read.zones) > 0 {
		args.AdditionalZones = pulumi.ToStringArray(read.zones)
	}
	if read.price != nil {
		args.AddressPricePerHour = pulumi.Float64(*read.price)
	}
	key, set := raw[apiKey]
	if !set {
		return nil
	}
	if !ctx.IsConfigSecret(apiKey) {
		return fmt.Errorf("%[1]s stands in plain text in the stack file; nothing was changed: make it a secret with "+
			"`pulumi config set --secret %[1]s`, and make another key at ArvanCloud if somebody has read this one", apiKey)
	}
	args.ApiKey = pulumi.String(key)
	return nil
}
