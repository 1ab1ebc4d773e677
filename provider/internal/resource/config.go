package resource

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/client"
)

// Environment variables that stand in for configuration that is not set.
const (
	EnvAPIKey   = "ARVANCLOUD_API_KEY"
	EnvEndpoint = "ARVANCLOUD_ENDPOINT"
)

// DefaultEndpoint is where ArvanCloud's API lives.
const DefaultEndpoint = "https://napi.arvancloud.ir"

// MissingKey is what a configuration without a key is answered.
const MissingKey = "no ArvanCloud API key is given: set it with `pulumi config set --secret arvancloud:apiKey`, or in the environment variable " +
	EnvAPIKey

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

	tuning  Tuning
	agent   string // who makes the requests, as name/version
	session *Session
}

// NewConfig is a configuration before Pulumi fills it in. agent is who makes the requests, as name/version.
func NewConfig(tuning Tuning, agent string) *Config { return &Config{tuning: tuning, agent: agent} }

// Own notes that an object belongs to a resource in the state, once there is a session.
func (c *Config) Own(kind, id string) {
	if c.session != nil {
		c.session.Own(kind, id)
	}
}

// zone is the zone of what does not name one.
func (c Config) zone() string { return or(c.Zone, "") }

// AddressPrice is the price of a floating address for an hour; 0 when not told.
func AddressPrice(ctx context.Context) float64 {
	if price := infer.GetConfig[Config](ctx).AddressPrice; price != nil {
		return *price
	}
	return 0
}

// LookupZone is the zone that a function is to look in.
func LookupZone(ctx context.Context, zone string) (string, error) {
	config := infer.GetConfig[Config](ctx)
	if zone == "" {
		zone = config.zone()
	}
	if problem := checkZone(zone, config.AdditionalZones); problem != "" {
		return "", fmt.Errorf("zone: %s", problem)
	}
	return zone, nil
}

// Annotate describes the configuration in the schema.
func (c *Config) Annotate(a infer.Annotator) {
	a.Describe(&c.APIKey, "Key of a machine user (panel: Settings > IAM > Machine users), with or without the prefix \"Apikey \". "+
		"When not set, the environment variable "+EnvAPIKey+" is read.")
	a.Describe(&c.Endpoint, "Base URL of the API. When not set, the environment variable "+EnvEndpoint+" is read, then "+
		DefaultEndpoint+" is used.")
	a.Describe(&c.Zone, "Availability zone of the resources that do not name one, for example ir-thr-ba1.")
	a.Describe(&c.AddressPrice, "Price of a floating address for an hour in rials. No operation of the API tells it.")
	a.Describe(&c.AdditionalZones, "Availability zones to accept although this version of the provider does not know them.")
}

// Check refuses a configuration that cannot work, without asking the API.
func (c *Config) Check(ctx context.Context, request infer.CheckRequest) (infer.CheckResponse[*Config], error) {
	// What the engine adds on its own is not configuration; anything else that is not known is a mistake.
	inputs := request.NewInputs.Delete("version", "pluginDownloadURL", "pluginChecksums")
	config, failures, err := infer.DefaultCheck[*Config](ctx, inputs)
	if err != nil || len(failures) > 0 {
		return infer.CheckResponse[*Config]{Inputs: config, Failures: failures}, err
	}
	check := Checker{inputs: inputs}
	if check.Decided("apiKey") && or(config.APIKey, os.Getenv(EnvAPIKey)) == "" {
		check.Fail("apiKey", MissingKey)
	}
	if at, err := url.Parse(or(config.Endpoint, "")); check.Known("endpoint") && (err != nil || at.User != nil) {
		check.Fail("endpoint", "this must be an address without a login in it: it stands in the state; the API knows its users by apiKey")
	}
	if check.Known("zone") && check.Decided("additionalZones") {
		if problem := checkZone(*config.Zone, config.AdditionalZones); problem != "" {
			check.Fail("zone", "%s", problem)
		}
	}
	return infer.CheckResponse[*Config]{Inputs: config, Failures: check.failures}, nil
}

// Configure opens the session that all resources share. It makes no request: a preview must work without the API.
func (c *Config) Configure(ctx context.Context) error {
	key := or(c.APIKey, os.Getenv(EnvAPIKey))
	if key == "" {
		return errors.New(MissingKey)
	}
	endpoint := or(c.Endpoint, os.Getenv(EnvEndpoint))
	if endpoint == "" {
		endpoint = DefaultEndpoint
	}
	api, err := client.New(client.Options{
		Endpoint:      endpoint,
		APIKey:        key,
		UserAgent:     c.agent,
		RetryInterval: c.tuning.RetryInterval,
		HTTP:          c.tuning.HTTP,
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
