package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/access"
	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/exchange"
	"github.com/iransre/exchange-platform/components/kubespray"
	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/components/objectstore"
	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/settings"
)

// memory is what the stack's last update left in its state for the next one; the zero value if there was none. Components keep
// it among their own outputs, where neither people nor other teams come across it.
type memory struct {
	// holds is how much the state has of what is not made in it alone, as random texts are.
	holds int
	// name is the stack's when its machines were made.
	name string
	// settled are the settings that cannot change, by their paths, as JSON.
	settled map[string]string
	// webRanges are the CDN's, as they were let in; none if the stack file lists what is let in.
	webRanges []string
	// cluster is what was known of the cluster, as JSON.
	cluster string
	// machines are the servers, as the cloud was last told.
	machines arvan.Running
	// groups are the groups they are in, and adminKeys those that may log in to them.
	groups    arvan.Groups
	adminKeys arvan.AdminKeys
	// data are the sizes of the nodes' own volumes.
	data arvan.Data
	// tokens are the terms of the kubeconfigs' tokens, by the names of their grants.
	tokens map[string]access.Term
	// kubeconfig led to the cluster; secret.
	kubeconfig string
	// releases are those of Helm, by the names of their resources; releaseNames are these names, by namespace/name in the cluster.
	releases     map[string]chart.Left
	releaseNames map[string]string
	// exchange is what was rolled out of it, and by whom.
	exchange exchange.Left
	// machine is the one that ran the update.
	machine string
}

// remembered is a component that does nothing but keep the settings that cannot change.
type remembered struct {
	pulumi.ResourceState
}

// exchangeRelease is the resource of the exchange's release.
const exchangeRelease = "exchange-release"

const rememberedType = "exchange:stacks:Settings"

// remember keeps the settings from the moment at which there is something they hold for, the private network, and from where the
// update ran.
func remember(ctx *pulumi.Context, cfg *Config, machines *arvan.Machines, webRanges []string) error {
	self := &remembered{}
	if err := ctx.RegisterComponentResource(rememberedType, "settings", self); err != nil {
		return err
	}
	settled := machines.NetworkID.ApplyT(func(string) map[string]string { return settings.Settled(cfg) })
	outputs := pulumi.Map{"settled": settled, "machine": pulumi.String(thisMachine())}
	if len(webRanges) > 0 {
		outputs["webRanges"] = pulumi.ToStringArray(webRanges)
	}
	return ctx.RegisterResourceOutputs(self, outputs)
}

// recall reads the stack's own state, because what is planned must be shown, and may be refused, before any command can ask
// the machines. A stack reference would tell its public outputs only.
func recall(ctx *pulumi.Context) (*memory, error) {
	name := fmt.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), ctx.Stack())
	var found struct {
		Outputs map[string]struct {
			Type    string         `pulumi:"type"`
			Outputs map[string]any `pulumi:"outputs"`
		} `pulumi:"outputs"`
	}
	// The raw call, because the plain one takes no answer with secrets in it.
	_, err := ctx.InvokePackageRaw("pulumi:pulumi:readStackResourceOutputs", map[string]any{"stackName": name}, &found, "")
	if err != nil {
		return nil, fmt.Errorf("read what the last update left: %w", err)
	}
	last := &memory{
		cluster: "{}", machines: arvan.Running{}, groups: arvan.Groups{}, adminKeys: arvan.AdminKeys{}, data: arvan.Data{},
		releases: map[string]chart.Left{}, releaseNames: map[string]string{},
	}
	for urn, resource := range found.Outputs {
		if err := last.take(urn, resource.Type, resource.Outputs); err != nil {
			return nil, err
		}
	}
	last.inferEngines()
	if last.exchange.Delivery != "" {
		release := last.releases[exchangeRelease]
		release.Elsewhere = true
		last.releases[exchangeRelease] = release
	}
	return last, nil
}

// inferEngines knows what was made before there was a choice: its data is there.
func (m *memory) inferEngines() {
	for _, first := range []struct{ release, path, value string }{
		{"postgres-release", "postgres.engine", string(postgres.Bitnami)},
		{"objectstore-release", "objectStore.engine", string(objectstore.MinIO)},
		{"postgres-release", "postgres.architecture", string(postgres.Standalone)},
		{"objectstore-release", "objectStore.mode", string(objectstore.Standalone)},
		{"logging-elasticsearch", "logging.engine", string(logging.Bitnami)},
	} {
		if _, there := m.releases[first.release]; !there || m.settled[first.path] != "" {
			continue
		}
		settled := maps.Clone(m.settled)
		if settled == nil {
			settled = map[string]string{}
		}
		settled[first.path] = strconv.Quote(first.value)
		m.settled = settled
	}
	const engine, buckets = "objectStore.engine", "objectStore.external.buckets"
	if m.settled[engine] == strconv.Quote(string(objectstore.External)) && m.settled[buckets] == "" {
		m.settled = maps.Clone(m.settled)
		m.settled[buckets] = `["media","static"]`
	}
}

// take keeps what a resource of the state has for the next update. An update of before the memory was kept apart has left it
// among the stack's own outputs.
func (m *memory) take(urn, token string, outputs map[string]any) error {
	var err error
	if of, _, _ := strings.Cut(token, ":"); slices.Contains([]string{"arvancloud", "command", "kubernetes"}, of) {
		m.holds++
	}
	switch token {
	case arvan.MachinesType:
		m.name = nameOf(urn)
	case arvan.ServerType:
		var made arvan.Made
		err = convert(outputs, &made)
		if !made.Failed() {
			m.machines[nameOf(urn)] = made
		}
	case arvan.GroupType:
		var made arvan.Group
		err = convert(outputs, &made)
		m.groups[nameOf(urn)] = made
	case arvan.VolumeType:
		var made struct{ Size int }
		err = convert(outputs, &made)
		m.data.Take(nameOf(urn), made.Size)
	case "command:remote:Command":
		printed, _ := outputs["stdout"].(string)
		err = m.adminKeys.Take(nameOf(urn), printed)
	case kubespray.ClusterType:
		if text, _ := outputs["state"].(string); text != "" {
			m.cluster = text
		}
	case exchange.Type:
		m.exchange.Delivery, _ = outputs["delivery"].(string)
		m.exchange.Image, _ = outputs["image"].(string)
		m.exchange.Since, _ = outputs["since"].(string)
	case access.Type:
		err = convert(outputs["terms"], &m.tokens)
	case rememberedType:
		m.machine, _ = outputs["machine"].(string)
		err = errors.Join(convert(outputs["settled"], &m.settled), convert(outputs["webRanges"], &m.webRanges))
	case "pulumi:providers:kubernetes":
		m.kubeconfig, _ = outputs["kubeconfig"].(string)
	case chart.ReleaseType:
		var made struct{ Name, Namespace, Description string }
		err = convert(outputs, &made)
		m.releases[nameOf(urn)] = chart.Left{Description: made.Description}
		m.exchange.Release = m.exchange.Release || nameOf(urn) == exchangeRelease
		m.releaseNames[made.Namespace+"/"+made.Name] = nameOf(urn)
	case "pulumi:pulumi:Stack":
		if m.tokens == nil {
			err = convert(outputs["access"], &m.tokens)
		}
		if m.settled == nil {
			err = errors.Join(err, m.takeSettled(outputs["settled"]))
		}
	}
	if err != nil {
		return fmt.Errorf("what the last update left in the state's %s is damaged: %w", urn, err)
	}
	return nil
}

// tellLeft says which volumes of nodes that leave stay in the cloud.
func (m *memory) tellLeft(ctx *pulumi.Context, cfg *Config) error {
	for _, name := range m.data.Left(cfg.Nodes) {
		fate := "is deleted with all that is on it"
		if cfg.Protect {
			fate = "stays in the cloud with all that is on it: delete it in the panel once nobody needs that"
		}
		if err := ctx.Log.Warn(fmt.Sprintf("the volume %s of a node that leaves %s", name, fate), nil); err != nil {
			return err
		}
	}
	return nil
}

// nameOf is a resource's name.
func nameOf(urn string) string { return urn[strings.LastIndex(urn, "::")+2:] }

// takeSettled reads the settings as earlier versions left them: a few, as plain text.
func (m *memory) takeSettled(output any) error {
	var texts map[string]string
	if err := convert(output, &texts); err != nil || texts == nil {
		return err
	}
	m.settled = map[string]string{}
	for path, text := range texts {
		encoded, err := json.Marshal(text)
		if err != nil {
			return err
		}
		m.settled[path] = string(encoded)
	}
	return nil
}

// convert makes typed data of an output; nothing of one that is not there.
func convert(output, into any) error {
	text, err := json.Marshal(output)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// refuse tells what the environment, as its last update left it, must not become. It asks neither the cloud nor a machine.
func refuse(stack string, cfg *Config, last *memory) error {
	reasons := settings.Refusals(cfg, last.settled)
	if last.name != "" && last.name != stack {
		reasons = append([]string{fmt.Sprintf("the stack cannot change its name from %q to %q: its machines and keys are named after it, and all of them would be replaced. "+
			"Restore it with `pulumi stack rename %s`, or make a new stack and move to it", last.name, stack, last.name)}, reasons...)
	}
	reasons = append(reasons, last.data.Refusals(cfg.Nodes)...)
	reasons = append(reasons, last.refuseTaken(cfg)...)
	reasons = append(reasons, last.refuseInside(cfg)...)
	if kubespray.Stands(last.cluster) {
		reasons = append(reasons, last.machines.Refusals(cfg.Nodes, cfg.Kubernetes.Force)...)
	}
	if len(reasons) > 0 {
		return fmt.Errorf("stack %s: refused, nothing was touched:\n  - %s", stack, strings.Join(reasons, "\n  - "))
	}
	cluster := clusterArgs(stack, cfg, &arvan.Machines{}, &apiNames{}, last.cluster)
	for i, node := range cfg.Nodes {
		cluster.Nodes[i].System = last.machines.ImageOf(node, cfg.Cloud.Image)
	}
	return kubespray.Check(cluster)
}
