package provider

import (
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Environment variables that stand in for configuration that is not set.
const (
	envAPIKey   = "ARVANCLOUD_API_KEY"
	envEndpoint = "ARVANCLOUD_ENDPOINT"
)

// DefaultEndpoint is where ArvanCloud's API lives.
const DefaultEndpoint = "https://napi.arvancloud.ir"

// Config is the configuration of the provider.
//
// Values from the environment are deliberately not written into it: Pulumi stores a provider's configuration in the state,
// and a key that was rotated there would be used, stale, by the next destroy.
type Config struct {
	APIKey          *string  `pulumi:"apiKey,optional" provider:"secret"`
	Endpoint        *string  `pulumi:"endpoint,optional"`
	Zone            *string  `pulumi:"zone,optional"`
	AdditionalZones []string `pulumi:"additionalZones,optional"`
}

// Annotate describes the configuration in the schema.
func (c *Config) Annotate(a infer.Annotator) {
	a.Describe(&c.APIKey, "Key of a machine user (panel: Settings > IAM > Machine users), with or without the prefix \"Apikey \". "+
		"When not set, the environment variable "+envAPIKey+" is read.")
	a.Describe(&c.Endpoint, "Base URL of the API. When not set, the environment variable "+envEndpoint+" is read, then "+
		DefaultEndpoint+" is used.")
	a.Describe(&c.Zone, "Availability zone of the resources that do not name one, for example ir-thr-ba1.")
	a.Describe(&c.AdditionalZones, "Availability zones to accept although this version of the provider does not know them.")
}
