package provider

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// describeZone describes the input zone of every zonal resource and function.
const describeZone = "Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."

// checker collects what is wrong with a resource's inputs. Inputs that a preview does not know yet decode to zero values, so
// each check asks first whether its input is known.
type checker struct {
	resource string       // name of the resource in the program
	inputs   property.Map // as the program gives them
	old      property.Map // those in the state; empty when the resource is new
	failures []p.CheckFailure
}

// checkInputs decodes a resource's inputs and lets check look at them.
func checkInputs[I any](
	ctx context.Context, request infer.CheckRequest, check func(*checker, *I),
) (infer.CheckResponse[I], error) {
	inputs, failures, err := infer.DefaultCheck[I](ctx, request.NewInputs)
	if err != nil || len(failures) > 0 {
		return infer.CheckResponse[I]{Inputs: inputs, Failures: failures}, err
	}
	c := &checker{resource: request.Name, inputs: request.NewInputs, old: request.OldInputs}
	check(c, &inputs)
	return infer.CheckResponse[I]{Inputs: inputs, Failures: c.failures}, nil
}

// known tells whether the input is there, and all of it has a value.
func (c *checker) known(name string) bool {
	value, there := c.inputs.GetOk(name)
	return there && !value.IsNull() && !value.HasComputed()
}

// decided tells whether the input is known, or known not to be there.
func (c *checker) decided(name string) bool {
	value, there := c.inputs.GetOk(name)
	return !there || !value.HasComputed()
}

// fail reports what is wrong with an input. path may lead into it: rules[2].portFrom.
func (c *checker) fail(path, format string, arguments ...any) {
	c.failures = append(c.failures, p.CheckFailure{Property: path, Reason: fmt.Sprintf(format, arguments...)})
}

// zone fills in the provider's zone and checks the result.
func (c *checker) zone(ctx context.Context, zone *string) {
	if !c.decided("zone") {
		return
	}
	config := infer.GetConfig[Config](ctx)
	if *zone == "" {
		*zone = or(config.Zone, "")
	}
	if problem := checkZone(*zone, config.AdditionalZones); problem != "" {
		c.fail("zone", "%s", problem)
	}
}

// names of objects: what the API's panel takes. Slashes are refused because they would end up in paths and ids.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// name checks the name of an object.
func (c *checker) name(input, name string) {
	if c.known(input) && !namePattern.MatchString(name) {
		c.fail(input, "%q is not a name: use 1 to 128 letters, digits, dots, dashes and underscores, a letter or digit first", name)
	}
}

// domain spells a domain in one way and checks it.
func (c *checker) domain(input string, domain *string) {
	if !c.known(input) {
		return
	}
	*domain = strings.TrimSuffix(strings.ToLower(*domain), ".")
	if !domainPattern.MatchString(*domain) {
		c.fail(input, "%q is not a domain such as iransre.ir", *domain)
	}
}

// given checks that a required text is not empty.
func (c *checker) given(input, text string) {
	if c.known(input) && text == "" {
		c.fail(input, "this may not be empty")
	}
}

// address checks an IPv4 address.
func (c *checker) address(path, text string) netip.Addr {
	address, err := netip.ParseAddr(text)
	if err != nil || !address.Is4() {
		c.fail(path, "%q is not an IPv4 address", text)
		return netip.Addr{}
	}
	return address
}
