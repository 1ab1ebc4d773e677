package provider

import (
	"context"
	"errors"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// Environment variables that stand in for configuration that is not set.
const (
	envAPIKey   = "ARVANCLOUD_API_KEY"
	envEndpoint = "ARVANCLOUD_ENDPOINT"
)

// DefaultEndpoint is where ArvanCloud's API lives.
const DefaultEndpoint = "https://napi.arvancloud.ir"

const missingKey = "no ArvanCloud API key is given: set it with `pulumi config set --secret arvancloud:apiKey`, or in the environment variable " +
	envAPIKey

// Config is the configuration of the provider.
//
// Values from the environment are deliberately not written into it: Pulumi stores a provider's configuration in the state,
// and a key that was rotated since would be used, stale, by the next destroy.
type Config struct {
	APIKey          *string  `pulumi:"apiKey,optional" provider:"secret"`
	Endpoint        *string  `pulumi:"endpoint,optional"`
	Zone            *string  `pulumi:"zone,optional"`
	AdditionalZones []string `pulumi:"additionalZones,optional"`
	AddressPrice    *float64 `pulumi:"addressPricePerHour,optional"`

	tuning  tuning
	session *session
}

// Annotate describes the configuration in the schema.
func (c *Config) Annotate(a infer.Annotator) {
	a.Describe(&c.APIKey, "Key of a machine user (panel: Settings > IAM > Machine users), with or without the prefix \"Apikey \". "+
		"When not set, the environment variable "+envAPIKey+" is read.")
	a.Describe(&c.Endpoint, "Base URL of the API. When not set, the environment variable "+envEndpoint+" is read, then "+
		DefaultEndpoint+" is used.")
	a.Describe(&c.Zone, "Availability zone of the resources that do not name one, for example ir-thr-ba1.")
	a.Describe(&c.AddressPrice, "Price of a floating address for an hour in rials. No operation of the API tells it.")
	a.Describe(&c.AdditionalZones, "Availability zones to accept although this version of the provider does not know them.")
}

// addressPrice is the price of a floating address for an hour; 0 when not told.
func (c Config) addressPrice() float64 {
	if c.AddressPrice == nil {
		return 0
	}
	return *c.AddressPrice
}

// Check refuses a configuration that cannot work, without asking the API.
func (c *Config) Check(ctx context.Context, request infer.CheckRequest) (infer.CheckResponse[*Config], error) {
	// What the engine adds on its own is not configuration; anything else that is not known is a mistake.
	inputs := request.NewInputs.Delete("version", "pluginDownloadURL", "pluginChecksums")
	config, failures, err := infer.DefaultCheck[*Config](ctx, inputs)
	if err != nil || len(failures) > 0 {
		return infer.CheckResponse[*Config]{Inputs: config, Failures: failures}, err
	}
	check := checker{inputs: inputs}
	if check.decided("apiKey") && or(config.APIKey, os.Getenv(envAPIKey)) == "" {
		check.fail("apiKey", missingKey)
	}
	if check.known("zone") && check.decided("additionalZones") {
		if problem := checkZone(*config.Zone, config.AdditionalZones); problem != "" {
			check.fail("zone", "%s", problem)
		}
	}
	return infer.CheckResponse[*Config]{Inputs: config, Failures: check.failures}, nil
}

// Configure opens the session that all resources share. It makes no request: a preview must work without the API.
func (c *Config) Configure(ctx context.Context) error {
	key := or(c.APIKey, os.Getenv(envAPIKey))
	if key == "" {
		return errors.New(missingKey)
	}
	endpoint := or(c.Endpoint, os.Getenv(envEndpoint))
	if endpoint == "" {
		endpoint = DefaultEndpoint
	}
	api, err := client.New(client.Options{
		Endpoint:      endpoint,
		APIKey:        key,
		UserAgent:     "pulumi-resource-arvancloud/" + Version,
		RetryInterval: c.tuning.retryInterval,
		HTTP:          c.tuning.http,
		Log:           func(ctx context.Context, message string) { p.GetLogger(ctx).Debug(message) },
	})
	if err != nil {
		return fmt.Errorf("the configuration of the provider arvancloud: %w", err)
	}
	c.session = newSession(api, c.tuning)
	return nil
}

// or is the text, or the other one when there is none.
func or(text *string, other string) string {
	if text != nil && *text != "" {
		return *text
	}
	return other
}

// diffConfig says that a changed configuration replaces nothing. By default it would replace the provider, and with it each
// of its resources: to rotate the API key would delete every server.
func diffConfig(_ context.Context, request p.DiffRequest) (p.DiffResponse, error) {
	return p.DiffResponse{HasChanges: !request.OldInputs.Equals(request.Inputs)}, nil
}
