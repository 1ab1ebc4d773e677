package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/emulator"
)

// declared is a resource of a program.
type declared struct {
	name   string
	token  tokens.Type
	needs  []string // whose outputs its inputs take
	inputs func(stack) map[string]any
}

// stack is the state of a program's resources by name.
type stack map[string]*entry

type entry struct {
	thing
	unfinished bool // its last operation failed after the object was made
}

// demo is what components/arvan and components/edge make of the demo stack in the cloud.
func demo(image string) []declared {
	rule := func(port int, cidrs ...any) map[string]any {
		return map[string]any{"direction": "ingress", "protocol": "tcp", "portFrom": port, "cidrs": cidrs}
	}
	group := func(name string, rules ...any) declared {
		return declared{name, securityGroupToken, nil, func(stack) map[string]any { return map[string]any{"name": name, "rules": rules} }}
	}
	server := func(name, firewall, plan string) declared {
		return declared{name, serverToken, []string{"login", "demo", firewall}, func(s stack) map[string]any {
			return map[string]any{"name": name, "planId": plan, "imageId": image, "diskSize": 40, "sshKeyName": s["login"].get("name"),
				"securityGroupIds": []any{s[firewall].get("securityGroupId")}, "initScript": "#cloud-config\n", "enablePublicAddress": true,
				"networks": []any{map[string]any{"networkId": s["demo"].get("networkId")}}}
		}}
	}
	return []declared{
		{"login", sshKeyToken, nil, func(stack) map[string]any { return map[string]any{"name": "login", "publicKey": publicKey} }},
		{"demo", networkToken, nil, func(stack) map[string]any {
			return map[string]any{"name": "demo", "cidr": "10.10.0.0/24", "enableGateway": false, "mtu": 1450}
		}},
		group("control-plane", rule(22, "192.0.2.0/24"), rule(6443, "192.0.2.0/24", "10.10.0.0/24")),
		group("worker", rule(22, "192.0.2.0/24"), rule(80, "0.0.0.0/0"), rule(443, "0.0.0.0/0")),
		server("arvan-k8s-m1", "control-plane", "g2-4-2-0"),
		server("arvan-k8s-w1", "worker", "g2-8-4-0"),
		{"record", dnsRecordToken, []string{"arvan-k8s-w1"}, func(s stack) map[string]any {
			return map[string]any{"domain": testDomain, "name": "demo", "type": "a", "cloud": true,
				"addresses": []any{map[string]any{"ip": s["arvan-k8s-w1"].get("publicAddress")}}}
		}},
	}
}

// up does what the engine does with a program, one resource after the other. It goes on after a failure with what does not need
// the resource that failed.
func (s stack) up(plugin plugin, program []declared) error {
	var failures []error
	failed := map[string]bool{}
	for _, resource := range program {
		if slices.ContainsFunc(resource.needs, func(need string) bool { return failed[need] }) {
			failed[resource.name] = true
			continue
		}
		if err := s.step(plugin, resource); err != nil {
			failed[resource.name] = true
			failures = append(failures, fmt.Errorf("%s: %w", resource.name, err))
		}
	}
	return errors.Join(failures...)
}

// step brings one resource to what the program says.
func (s stack) step(plugin plugin, resource declared) error {
	known := s[resource.name]
	request := p.CheckRequest{Urn: urnNamed(resource.token, resource.name), Inputs: props(resource.inputs(s))}
	if known != nil {
		known.plugin, request.State = plugin, known.inputs
	}
	checked, err := plugin.Check(request)
	if err != nil || len(checked.Failures) > 0 {
		return fmt.Errorf("check: %w %v", err, checked.Failures)
	}
	if known != nil {
		difference := known.diff(checked.Inputs)
		replaces := slices.ContainsFunc(kindsOf(difference), func(kind p.DiffKind) bool { return strings.HasSuffix(string(kind), "replace") })
		switch {
		case replaces:
			if err := known.tryDelete(); err != nil {
				return err
			}
			delete(s, resource.name)
		case difference.HasChanges || known.unfinished:
			return known.finish(checked.Inputs)
		default:
			return nil
		}
	}
	response, err := plugin.Create(p.CreateRequest{Urn: request.Urn, Properties: checked.Inputs})
	if err != nil && response.PartialState == nil {
		return err
	}
	s[resource.name] = &entry{thing{plugin, request.Urn, response.ID, checked.Inputs, response.Properties}, response.PartialState != nil}
	if response.PartialState != nil {
		return reasons(response.PartialState)
	}
	return nil
}

func kindsOf(difference p.DiffResponse) []p.DiffKind {
	var kinds []p.DiffKind
	for _, one := range difference.DetailedDiff {
		kinds = append(kinds, one.Kind)
	}
	return kinds
}

// finish updates a resource.
func (e *entry) finish(inputs property.Map) error {
	response, err := e.plugin.Update(p.UpdateRequest{ID: e.id, Urn: e.urn, State: e.state, Inputs: inputs, OldInputs: e.inputs})
	if err != nil && response.PartialState == nil {
		return err
	}
	e.inputs, e.state, e.unfinished = inputs, response.Properties, response.PartialState != nil
	if response.PartialState != nil {
		return reasons(response.PartialState)
	}
	return nil
}

func (e *entry) tryDelete() error {
	return e.plugin.Delete(p.DeleteRequest{ID: e.id, Urn: e.urn, Properties: e.state, OldInputs: e.inputs})
}

// destroy deletes the resources, the last first, as far as it gets.
func (s stack) destroy(plugin plugin, program []declared) error {
	for _, resource := range slices.Backward(program) {
		known := s[resource.name]
		if known == nil {
			continue
		}
		known.plugin = plugin
		if err := known.tryDelete(); err != nil {
			return fmt.Errorf("%s: %w", resource.name, err)
		}
		delete(s, resource.name)
	}
	return nil
}

// wanted is what the account has to hold for the program, as "kind name".
var wanted = []string{"dns-record demo.iransre.ir", "network demo", "security-group control-plane", "security-group worker",
	"server arvan-k8s-m1", "server arvan-k8s-w1", "ssh-key login"}

func (c cloud) holds() []string {
	holds := []string{}
	for _, item := range c.Contents() {
		holds = append(holds, item.Kind+" "+item.Name)
	}
	slices.Sort(holds)
	return holds
}

// writes is how many calls were made that change something.
func (c cloud) writes() int { return len(c.requests("")) - len(c.requests("GET ")) }

// maxUps is how often Pulumi may have to be run.
const maxUps = 3

// TestFaults lets 200 plans of faults happen while the demo stack is made and destroyed.
func TestFaults(t *testing.T) {
	const plans, faults = 200, 6
	for seed := range uint64(plans) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			program := demo(newPlugin(t, cloud).image("debian", "12"))
			for _, fault := range emulator.RandomFaults(seed, faults) {
				cloud.fail(t, fault)
			}
			stack := stack{}
			repeat(t, "up", func() error { return stack.up(newPlugin(t, cloud), program) })
			assert.DeepEqual(t, cloud.holds(), wanted)
			cloud.ClearFaults()
			again := newPlugin(t, cloud)
			before := cloud.writes()
			assert.NilError(t, stack.up(again, program))
			assert.Equal(t, cloud.writes(), before, "nothing is left to do")
			for _, resource := range program {
				stack[resource.name].plugin = again
				stack[resource.name].settled()
			}
			for _, fault := range emulator.RandomFaults(seed+plans, faults) {
				cloud.fail(t, fault)
			}
			repeat(t, "destroy", func() error { return stack.destroy(newPlugin(t, cloud), program) })
			assert.DeepEqual(t, cloud.holds(), []string{})
		})
	}
}

// repeat does something until it succeeds, as often as Pulumi may have to be run.
func repeat(t *testing.T, what string, try func() error) {
	t.Helper()
	var err error
	for run := 1; run <= maxUps; run++ {
		if err = try(); err == nil {
			return
		}
		t.Logf("%s %d: %v", what, run, err)
	}
	assert.NilError(t, err, "after %d runs of %s", maxUps, what)
}
