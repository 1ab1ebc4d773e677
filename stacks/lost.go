package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/internal/providers"
)

// A state that was lost leaves machines that nothing looks after. To make all of it again beside them, or to take over parts of it,
// would break what runs, so it is refused, and brought back as a whole: docs/state.md.

// recoverTo is the variable that names the folder to which an `up` writes the way back instead of anything else.
const recoverTo = "EXCHANGE_PLATFORM_RECOVER"

// there is an object of the cloud's that bears a name of the stack's.
type there struct {
	arvan.Object
	parent, component string // name and type of the component that it is part of
	ID                string
	Users             []string
}

// lookAround asks the cloud for what bears the names of a stack.
func lookAround(ctx *pulumi.Context, stack string, cfg *Config, cloud *providers.Provider) ([]there, error) {
	asked := struct {
		Zone   string `pulumi:"zone"`
		Domain string `pulumi:"domain"`
	}{cfg.Cloud.Zone, cfg.Edge.Domain}
	var told struct {
		Objects []struct {
			Type  string   `pulumi:"type"`
			Name  string   `pulumi:"name"`
			ID    string   `pulumi:"id"`
			Users []string `pulumi:"users"`
		} `pulumi:"objects"`
	}
	// by its token: the package with it takes its time to compile, and is used for nothing else
	if err := ctx.Invoke("arvancloud:account:getInventory", &asked, &told, pulumi.Provider(cloud)); err != nil {
		return nil, fmt.Errorf("look for what the stack has at ArvanCloud already: %s", reason(err))
	}
	var found []there
	for _, named := range named(stack, cfg) {
		for _, object := range told.Objects {
			if object.Type == named.Type && object.Name == named.Name {
				named.ID, named.Users = object.ID, object.Users
				found = append(found, named)
				break
			}
		}
	}
	return found, nil
}

// named are the objects that a stack has in the cloud, by their names.
func named(stack string, cfg *Config) []there {
	var all []there
	machines := &arvan.Args{Cloud: cfg.Cloud, Nodes: cfg.Nodes}
	for _, object := range machines.Objects(stack) {
		all = append(all, there{Object: object, parent: stack, component: arvan.MachinesType})
	}
	type record struct{ parent, component, resource, host string }
	records := []record{
		{"edge", edge.Type, "edge-record", cfg.Exchange.Host},
		{"edge", edge.Type, "edge-files-record", filesHost(cfg)},
		{"kubernetes-api", arvan.NameType, "kubernetes-api-record", cfg.Kubernetes.APIHost},
		{"kubernetes-internal", arvan.NameType, "kubernetes-internal-record", cfg.Kubernetes.InternalHost},
	}
	for _, host := range append(cfg.Exchange.Names()[1:], pageHosts(cfg)...) {
		records = append(records, record{"edge", edge.Type, "edge" + edge.RecordOf(host), host})
	}
	for _, record := range records {
		if record.host != "" {
			name := providers.NameIn(cfg.Edge.Domain, record.host)
			all = append(all, there{arvan.Object{Type: "arvancloud:cdn:DnsRecord", Resource: record.resource, Name: name}, record.parent, record.component, "", nil})
		}
	}
	return all
}

// refuseLost refuses to make a stack anew whose machines are there.
func refuseLost(ctx *pulumi.Context, stack string, cfg *Config, cloud *providers.Provider) error {
	found, err := lookAround(ctx, stack, cfg, cloud)
	if err != nil {
		return err
	}
	used := false
	var lines []string
	for _, each := range found {
		line := fmt.Sprintf("%s %s (%s)", each.Type, each.Name, each.ID)
		if len(each.Users) > 0 {
			line += ", used by " + strings.Join(each.Users, ", ")
		}
		lines = append(lines, line)
		used = used || each.Type == arvan.ServerType || len(each.Users) > 0
	}
	if !used { // what an interrupted run has left is taken over, or refused, where it is made
		return nil
	}
	return fmt.Errorf("stack %s: refused, nothing was touched: its state knows of no machines, and zone %s has what bears its names:\n  - %s\n"+
		"If the state was lost, `./scripts/recover %s FOLDER` imports them, and docs/state.md says how it goes on; if it lies elsewhere, `pulumi login` there. "+
		"If they are another environment's, choose another name for the stack and for its nodes", stack, cfg.Cloud.Zone, strings.Join(lines, "\n  - "), stack)
}

// importList is a file that `pulumi import --file` reads.
type importList struct {
	NameTable map[string]string `json:"nameTable"`
	Resources []toImport        `json:"resources"`
}

type toImport struct {
	Type      string `json:"type"`
	Name      string `json:"name"`
	ID        string `json:"id,omitempty"`
	Parent    string `json:"parent,omitempty"`
	Provider  string `json:"provider,omitempty"`
	Component bool   `json:"component,omitempty"`
}

// listFor is the list that imports what was found into a stack that has its providers and the component of its machines.
func listFor(project, stack string, found []there) importList {
	urn := func(token, name string) string {
		return fmt.Sprintf("urn:pulumi:%s::%s::%s::%s", stack, project, token, name)
	}
	list := importList{NameTable: map[string]string{
		"arvancloud": urn("pulumi:providers:arvancloud", "arvancloud"),
		stack:        urn(arvan.MachinesType, stack),
	}}
	for _, each := range found {
		component := toImport{Type: each.component, Name: each.parent, Component: true}
		if each.component != arvan.MachinesType && !slices.Contains(list.Resources, component) {
			list.Resources = append(list.Resources, component)
		}
		list.Resources = append(list.Resources, toImport{
			Type: each.Type, Name: each.Resource, ID: each.ID, Parent: each.parent, Provider: "arvancloud",
		})
	}
	return list
}

// recoverLost writes the way back of a stack whose state was lost into a folder.
func recoverLost(ctx *pulumi.Context, cfg *Config, last *memory, providers *providerSet, folder string) error {
	if last.holds > 0 {
		return fmt.Errorf("stack %s: refused, nothing was touched: its state is not empty, and what it has would be deleted; %s is for a state that was lost",
			ctx.Stack(), recoverTo)
	}
	found, err := lookAround(ctx, ctx.Stack(), cfg, providers.arvancloud)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(listFor(ctx.Project(), ctx.Stack(), found), "", "  ")
	if err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(filepath.Join(folder, "import.json"), append(text, '\n'), 0o600)); err != nil {
		return err
	}
	return arvan.Recover(ctx, ctx.Stack(), &arvan.Args{Cloud: cfg.Cloud, Nodes: cfg.Nodes, Protect: cfg.Protect}, folder, providers.option())
}
