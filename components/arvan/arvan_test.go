package arvan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-command/sdk/go/command"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/providers"
)

// passwordType is the type of what keys are made from.
const passwordType = "random:index/randomPassword:RandomPassword"

var (
	ubuntu = arvan.Image{Distribution: "ubuntu", Version: "24.04"}
	debian = arvan.Image{Distribution: "debian", Version: "12"}
)

func demo() *arvan.Args {
	return &arvan.Args{
		Cloud: arvan.Cloud{
			Zone: "ir-thr-fr1", Image: ubuntu, SSHPort: 22,
			AdminCIDRs: []string{"203.0.113.0/24"}, AdminSSHKeys: []string{"ssh-ed25519 AAAA admin"},
		},
		Network:  arvan.Network{CIDR: "10.10.0.0/24", MTU: 1450, WebCIDRs: []string{"0.0.0.0/0"}},
		ImageIDs: map[arvan.Image]string{ubuntu: "image-id", debian: "other-id"},
		Nodes: arvan.Nodes{
			{Name: "arvan-k8s-m1", Role: arvan.ControlPlane, Plan: "g2-4-2-0", DiskGiB: 50},
			{Name: "arvan-k8s-w1", Role: arvan.Worker, Plan: "g2-16-8-0", DiskGiB: 100},
		},
	}
}

func prod() *arvan.Args {
	args := demo()
	args.Cloud.Placement, args.Protect = "anti-affinity", true
	args.Nodes = arvan.Nodes{
		{Name: "arvan-prod-b1", Role: arvan.Bastion, Plan: "g2-4-2-0", DiskGiB: 50},
		{Name: "arvan-prod-m1", Role: arvan.ControlPlane, Plan: "g2-8-4-0", DiskGiB: 50},
		{Name: "arvan-prod-m2", Role: arvan.ControlPlane, Plan: "g2-8-4-0", DiskGiB: 50},
		{Name: "arvan-prod-w1", Role: arvan.Worker, Plan: "g2-16-8-0", DiskGiB: 200, Data: 200},
	}
	return args
}

func run(t *testing.T, args *arvan.Args) *mocktest.Recording {
	t.Helper()
	return mocktest.Run(t, func(ctx *pulumi.Context) error {
		cloud, err := providers.NewArvanCloud(ctx, "cloud", &providers.ArvanCloud{})
		if err != nil {
			return err
		}
		dice, err := providers.NewRandom(ctx, "dice")
		if err != nil {
			return err
		}
		commands, err := command.NewProvider(ctx, "commands", &command.ProviderArgs{})
		if err != nil {
			return err
		}
		_, err = arvan.New(ctx, "demo", args, pulumi.Providers(cloud, dice, commands))
		return err
	})
}

func TestTheGraph(t *testing.T) {
	golden.Assert(t, run(t, demo()).Graph(), "demo.graph.txt")
	golden.Assert(t, run(t, prod()).Graph(), "prod.graph.txt")
}

func TestServersOfARoleAreKeptApart(t *testing.T) {
	recording := run(t, prod())
	assert.Equal(t, len(recording.OfType("arvancloud:iaas:ServerGroup")), 2)
	for name, group := range map[string]string{
		"arvan-prod-m1": "demo-control-planes-apart", "arvan-prod-m2": "demo-control-planes-apart", "arvan-prod-w1": "demo-workers-apart",
	} {
		assert.Assert(t, slices.Contains(recording.Get(t, name).DependsOn, group), "%s is not in %s", name, group)
	}
	_, grouped := recording.Get(t, "arvan-prod-b1").Inputs["serverGroupId"]
	assert.Assert(t, !grouped, "the bastion is in a group")
}

func TestOnlyWhatNothingCanBringBackIsProtected(t *testing.T) {
	var protected []string
	for _, each := range run(t, prod()).Resources {
		if each.Protect {
			protected = append(protected, each.Name)
		}
	}
	assert.DeepEqual(t, protected, []string{"demo-network", "demo-login"})
}

// A node that leaves does so in one update, and the cloud keeps its data nevertheless.
func TestTheCloudKeepsTheDataOfAProtectedStack(t *testing.T) {
	for _, protect := range []bool{false, true} {
		args := prod()
		args.Protect = protect
		for _, each := range run(t, args).Resources {
			assert.Equal(t, each.Retain, protect && each.Type == arvan.VolumeType, each.Name)
		}
	}
}

func TestServersWaitForNothingOfEachOther(t *testing.T) {
	recording := run(t, demo())
	servers := recording.OfType("arvancloud:iaas:Server")
	assert.Equal(t, len(servers), 2)
	for _, server := range servers {
		assert.DeepEqual(t, recording.Waits(t, server.Name, server.Type), []string(nil))
		assert.DeepEqual(t, recording.Waits(t, server.Name, passwordType), []string{server.Name + "-host-key", "demo-login"})
	}
}

func TestPrivateKeysAreSecretWhereverTheyGo(t *testing.T) {
	recording := run(t, demo())
	for _, server := range recording.OfType("arvancloud:iaas:Server") {
		assert.Assert(t, server.Inputs["initScript"].IsSecret(), "the user data of %s holds its host key", server.Name)
	}
	for _, each := range recording.Resources {
		text := mocktest.Plain(resource.NewProperty(each.Inputs))
		assert.Assert(t, !strings.Contains(sprint(text), "PRIVATE KEY"), "%s has a private key in the clear", each.Name)
	}
}

func TestTheFirewallOpensWhatIsNeededAndToWhom(t *testing.T) {
	for file, args := range map[string]*arvan.Args{"demo.firewall.txt": demo(), "prod.firewall.txt": prod()} {
		var rules []string
		for _, group := range run(t, args).OfType("arvancloud:iaas:SecurityGroup") {
			rules = append(rules, group.Name)
			for _, rule := range group.Inputs["rules"].ArrayValue() {
				rules = append(rules, "  "+describe(rule.ObjectValue()))
			}
		}
		golden.Assert(t, strings.Join(rules, "\n")+"\n", file)
	}
}

func TestAServersOwnImageReplacesIt(t *testing.T) {
	args := demo()
	args.Nodes[1].Image = &debian
	recording := run(t, args)
	for name, want := range map[string]struct {
		image, id string
		ignored   []string
	}{
		// a later image of all servers, or a new build of it, is for new ones
		"arvan-k8s-m1": {"ubuntu 24.04", "image-id", []string{"imageId", "initScript", "imageName"}},
		// a new build of the server's own is, too; another of its own is not
		"arvan-k8s-w1": {"debian 12", "other-id", []string{"imageId", "initScript"}},
	} {
		server := recording.Get(t, name)
		assert.Equal(t, server.Inputs["imageName"].StringValue(), want.image)
		assert.Equal(t, server.Inputs["imageId"].StringValue(), want.id)
		assert.DeepEqual(t, server.IgnoreChanges, want.ignored)
	}
}

func TestAnotherSSHPortIsToldToTheMachine(t *testing.T) {
	args := demo()
	args.Cloud.SSHPort = 2222
	for _, server := range run(t, args).OfType("arvancloud:iaas:Server") {
		userData := server.Inputs["initScript"].SecretValue().Element.StringValue()
		assert.Assert(t, strings.Contains(userData, "Port 2222"), userData)
	}
}

// A machine that runs is told again when its disk or the administrators' keys are others, or when it is another machine; and by
// the same way as everything else is told to it.
func TestRunningMachinesAreToldOfKeysAndDisks(t *testing.T) {
	told := func(change func(*arvan.Args)) map[string]string {
		args := prod()
		change(args)
		found := map[string]string{}
		for _, each := range run(t, args).OfType("command:remote:Command") {
			found[each.Name] = each.Inputs["create"].StringValue() + each.Inputs["stdin"].StringValue()
		}
		return found
	}
	differs := func(a, b map[string]string) (names []string) {
		for name := range a {
			if a[name] != b[name] {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return names
	}
	before := told(func(*arvan.Args) {})
	assert.Equal(t, len(before), 9)
	assert.DeepEqual(t, differs(before, told(func(*arvan.Args) {})), []string(nil))
	assert.DeepEqual(t, differs(before, told(func(a *arvan.Args) { a.Nodes[3].DiskGiB = 300 })), []string{"arvan-prod-w1-root-disk"})
	assert.DeepEqual(t, differs(before, told(func(a *arvan.Args) { a.Nodes[3].Data = 300 })), []string{"arvan-prod-w1-data-disk"})
	assert.DeepEqual(t, differs(before, told(func(a *arvan.Args) { a.Cloud.AdminSSHKeys = nil })),
		[]string{"arvan-prod-b1-admin-keys", "arvan-prod-m1-admin-keys", "arvan-prod-m2-admin-keys", "arvan-prod-w1-admin-keys"})

	recording := run(t, prod())
	for name, bastion := range map[string]bool{"arvan-prod-w1-admin-keys": true, "arvan-prod-b1-root-disk": false} {
		_, through := recording.Get(t, name).Inputs["connection"].SecretValue().Element.ObjectValue()["proxy"]
		assert.Equal(t, through, bastion, name)
	}
}

// Where there is no room apart from the others any more, a softer placement is for the machines that come: those that run keep
// the group they are in, whatever has been wanted since.
func TestAnotherPlacementIsForNewMachines(t *testing.T) {
	apart := arvan.Groups{
		"demo-control-planes-apart": {ID: "masters", Policy: "anti-affinity"}, "demo-workers-apart": {ID: "workers", Policy: "anti-affinity"},
	}
	const soft = "demo-workers-soft-anti-affinity"
	both := arvan.Groups{
		"demo-control-planes-apart": {ID: "masters", Policy: "anti-affinity"}, "demo-workers-apart": {ID: "workers", Policy: "anti-affinity"},
		soft: {ID: "softer", Policy: "soft-anti-affinity"},
	}
	for name, test := range map[string]struct {
		placement string
		groups    arvan.Groups
		runningW2 bool
		image     *arvan.Image // of w2
		w1, w2    string       // groups of the workers
	}{
		"as it was":                              {"anti-affinity", apart, false, nil, "demo-workers-apart", "demo-workers-apart"},
		"softer":                                 {"soft-anti-affinity", apart, false, nil, "demo-workers-apart", soft},
		"softer, the next time":                  {"soft-anti-affinity", both, true, nil, "demo-workers-apart", soft},
		"softer, and strict again":               {"anti-affinity", both, true, nil, "demo-workers-apart", soft},
		"strict again, with another machine":     {"anti-affinity", both, true, &debian, "demo-workers-apart", "demo-workers-apart"},
		"as it comes":                            {"", apart, false, nil, "demo-workers-apart", ""},
		"as it comes, when it runs":              {"", both, true, nil, "demo-workers-apart", soft},
		"in the group that is left of the first": {"soft-anti-affinity", arvan.Groups{soft: {ID: "workers", Policy: "soft-anti-affinity"}}, false, nil, soft, soft},
	} {
		t.Run(name, func(t *testing.T) {
			args := prod()
			args.Cloud.Placement, args.Groups = test.placement, test.groups
			args.Nodes = append(args.Nodes, arvan.Node{Name: "arvan-prod-w2", Role: arvan.Worker, Plan: "g2-16-8-0", DiskGiB: 200, Image: test.image})
			args.Running = arvan.Running{
				"arvan-prod-b1": {}, "arvan-prod-m1": {Group: "masters"}, "arvan-prod-m2": {Group: "masters"}, "arvan-prod-w1": {Group: "workers"},
			}
			if test.runningW2 {
				args.Running["arvan-prod-w2"] = arvan.Made{Group: "softer", ImageName: "ubuntu 24.04"}
			}
			recording := run(t, args)
			groupOf := func(server string) (group string) {
				for _, each := range recording.Get(t, server).DependsOn {
					if recording.Get(t, each).Type == arvan.GroupType {
						group = each
					}
				}
				return group
			}
			assert.Equal(t, groupOf("arvan-prod-w1"), test.w1)
			assert.Equal(t, groupOf("arvan-prod-w2"), test.w2)
			for _, each := range recording.OfType(arvan.GroupType) {
				if left, there := test.groups[each.Name]; there {
					assert.Equal(t, each.Inputs["policy"].StringValue(), left.Policy, "%s would be replaced", each.Name)
				}
			}
			if test.w2 == soft {
				assert.Equal(t, recording.Get(t, soft).Inputs["policy"].StringValue(), "soft-anti-affinity")
			}
		})
	}
}

func TestAMachineMadePlainStaysSo(t *testing.T) {
	args := prod()
	args.Running = arvan.Running{"arvan-prod-w1": {}, "arvan-prod-m1": {Group: "of-somebody"}}
	recording := run(t, args)
	_, grouped := recording.Get(t, "arvan-prod-w1").Inputs["serverGroupId"]
	assert.Assert(t, !grouped)
	assert.Equal(t, recording.Get(t, "arvan-prod-m1").Inputs["serverGroupId"].StringValue(), "of-somebody")
}
