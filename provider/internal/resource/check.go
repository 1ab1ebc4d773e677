package resource

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// Checker collects what is wrong with a resource's inputs. Inputs that a preview does not know yet decode to zero values, so
// each check asks first whether its input is known.
type Checker struct {
	kind     string       // what messages call such a resource
	resource string       // name of the resource in the program
	inputs   property.Map // as the program gives them
	old      property.Map // those in the state; empty when the resource is new
	failures []p.CheckFailure
}

// checkInputs decodes a resource's inputs and lets check look at them.
func checkInputs[I any](
	ctx context.Context, kind string, request infer.CheckRequest, check func(*Checker, *I),
) (infer.CheckResponse[I], error) {
	inputs, failures, err := infer.DefaultCheck[I](ctx, request.NewInputs)
	if err != nil || len(failures) > 0 {
		return infer.CheckResponse[I]{Inputs: inputs, Failures: failures}, err
	}
	c := &Checker{kind: kind, resource: request.Name, inputs: request.NewInputs, old: request.OldInputs}
	check(c, &inputs)
	return infer.CheckResponse[I]{Inputs: inputs, Failures: c.failures}, nil
}

// Known tells whether the input is there, and all of it has a value.
func (c *Checker) Known(name string) bool {
	value, there := c.inputs.GetOk(name)
	return there && !value.IsNull() && !value.HasComputed()
}

// Decided tells whether the input is known, or known not to be there.
func (c *Checker) Decided(name string) bool {
	value, there := c.inputs.GetOk(name)
	return !there || !value.HasComputed()
}

// Fail reports what is wrong with an input. path may lead into it: rules[2].portFrom.
func (c *Checker) Fail(path, format string, arguments ...any) {
	c.failures = append(c.failures, p.CheckFailure{Property: path, Reason: fmt.Sprintf(format, arguments...)})
}

// Zone fills in the provider's zone and checks the result.
func (c *Checker) Zone(ctx context.Context, zone *string) {
	if !c.Decided("zone") {
		return
	}
	config := infer.GetConfig[Config](ctx)
	if *zone == "" {
		*zone = config.zone()
	}
	if problem := checkZone(*zone, config.AdditionalZones); problem != "" {
		c.Fail("zone", "%s", problem)
	}
}

var domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)

// IsDomain tells whether the text is a host name in lower case.
func IsDomain(text string) bool { return domainPattern.MatchString(text) }

// names of objects: what the API's panel takes. Slashes are refused because they would end up in paths and ids.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// Name checks the name of an object.
func (c *Checker) Name(input, name string) {
	if c.Known(input) && !namePattern.MatchString(name) {
		c.Fail(input, "%q is not a name: use 1 to 128 letters, digits, dots, dashes and underscores, a letter or digit first", name)
	}
}

// Domain spells a domain in one way and checks it.
func (c *Checker) Domain(input string, domain *string) {
	if !c.Known(input) {
		return
	}
	*domain = strings.TrimSuffix(strings.ToLower(*domain), ".")
	if !IsDomain(*domain) {
		c.Fail(input, "%q is not a domain such as iransre.ir", *domain)
	}
}

// Given checks that a required text is not empty.
func (c *Checker) Given(input, text string) {
	if c.Known(input) && text == "" {
		c.Fail(input, "this may not be empty")
	}
}

// Address checks an IPv4 address.
func (c *Checker) Address(path, text string) netip.Addr {
	address, err := netip.ParseAddr(text)
	if err != nil || !address.Is4() {
		c.Fail(path, "%q is not an IPv4 address", text)
		return netip.Addr{}
	}
	return address
}

// Choice checks that a text is one of some.
func (c *Checker) Choice(path, text string, choices ...string) {
	if !slices.Contains(choices, text) {
		c.Fail(path, "%q is not a choice: use %s", text, strings.Join(slices.DeleteFunc(choices, func(s string) bool { return s == "" }), ", "))
	}
}

// Failed tells whether something is wrong already.
func (c *Checker) Failed() bool { return len(c.failures) > 0 }

// Kind is what messages call such a resource.
func (c *Checker) Kind() string { return c.kind }

// Resource is the name of the resource in the program.
func (c *Checker) Resource() string { return c.resource }

// Input is an input as the program gives it.
func (c *Checker) Input(name string) property.Value { return c.inputs.Get(name) }

// Old is an input as it is in the state.
func (c *Checker) Old(name string) property.Value { return c.old.Get(name) }

// IsNew tells whether the resource is not in the state.
func (c *Checker) IsNew() bool { return c.old.Len() == 0 }

// Changed tells whether the input is known and not what it was. What an object was made with is not checked again: ArvanCloud
// may have withdrawn it since.
func (c *Checker) Changed(name string) bool {
	if !c.Known(name) {
		return false
	}
	before, there := c.old.GetOk(name)
	return !there || !before.Equals(c.inputs.Get(name))
}
