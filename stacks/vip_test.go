package stacks

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

// withVIP is a stack whose users reach a virtual address.
func withVIP(t *testing.T, stack string) *Config {
	t.Helper()
	raw := completed(t, stack)
	raw[project+":edge"] = `{"domain": "iransre.ir", "mode": "vip", "vip": {"address": "10.20.0.250"}}`
	raw[project+":network"] = `{"cidr": "10.20.0.0/24", "webCidrs": ["10.20.0.0/24", "10.80.0.0/16"]}`
	cfg, err := Load(project, stack, raw)
	assert.NilError(t, err)
	return cfg
}

func TestAVirtualAddressLeadsToTheIngress(t *testing.T) {
	cfg := withVIP(t, "prod")
	cfg.Ingress.Engine = ingress.Nginx // what Traefik is told is a test of its component
	recording := deployedWith(t, cfg)
	assert.DeepEqual(t, recording.SecretsOutside(), []string(nil))
	// the controllers are told of the address when there is somebody to announce it, and the cloud lets it through
	waits := recording.Waits(t, "ingress-release", "kubernetes:metallb.io/v1beta1:L2Advertisement")
	assert.DeepEqual(t, waits, []string{"edge-address-announcement"})
	assert.Equal(t, len(recording.OfType("arvancloud:networking:PortSecurity")), 4, "one for each worker")
	values := mocktest.Plain(recording.Get(t, "ingress-release").Inputs["values"]).(map[string]any)["controller"].(map[string]any)
	service := values["service"].(map[string]any)
	assert.DeepEqual(t, service["annotations"], map[string]any{"metallb.io/loadBalancerIPs": "10.20.0.250"})
	assert.DeepEqual(t, service["loadBalancerSourceRanges"], []any{"10.20.0.0/24", "10.80.0.0/16"})
	_, believes := values["config"].(map[string]any)["proxy-real-ip-cidr"]
	assert.Assert(t, !believes)
	record := mocktest.Plain(resource.NewProperty(recording.Get(t, "edge-record").Inputs)).(map[string]any)
	assert.DeepEqual(t, record["addresses"], []any{map[string]any{"ip": "10.20.0.250"}})
	// machines answer ARP for it only where MetalLB says so
	var left struct {
		State struct {
			Shape struct{ Variables map[string]string }
		}
	}
	assert.NilError(t, json.Unmarshal([]byte(stateOf(t, recording)), &left))
	assert.Equal(t, left.State.Shape.Variables["additional_sysctl"],
		`[{"name":"vm.max_map_count","value":1048576},{"name":"net.ipv4.conf.all.arp_ignore","value":1},{"name":"net.ipv4.conf.all.arp_announce","value":2}]`)
}

func TestTheOutputIsTheVirtualAddress(t *testing.T) {
	told, _ := toldOf(t, withVIP(t, "demo"))
	assert.DeepEqual(t, told["ingress"].(map[string]any)["addresses"], []string{"10.20.0.250"})
}

func TestAMachinesOwnAddressIsRefused(t *testing.T) {
	cfg := withVIP(t, "demo")
	last := &memory{cluster: "{}", machines: arvan.Running{"arvan-k8s-w1": {PrivateAddress: "10.20.0.250"}}}
	assert.ErrorContains(t, refuse("demo", cfg, last), "edge.vip.address 10.20.0.250 is the machine arvan-k8s-w1's own: name one")
	cfg.Edge.VIP = edge.VIP{Address: "10.20.0.251", PublicAddress: "203.0.113.12"}
	last.machines["arvan-k8s-w1"] = arvan.Made{PrivateAddress: "10.20.0.12", PublicAddress: "203.0.113.12"}
	assert.ErrorContains(t, refuse("demo", cfg, last), "edge.vip.publicAddress 203.0.113.12 is the machine arvan-k8s-w1's own: name that of something of yours")
	cfg.Edge.Mode, cfg.Edge.VIP = edge.DNS, edge.VIP{}
	assert.Equal(t, len(last.refuseTaken(cfg)), 0)
}

// The stack of the sandbox's own has what a rehearsal of the address loses: two workers that may answer for it.
func TestTheSandboxsStackHasWhoTakesTheAddressOver(t *testing.T) {
	cfg, err := Load(project, "vip", stackFile(t, "../sandbox/stacks/Pulumi.vip.yaml"))
	assert.NilError(t, err)
	assert.Equal(t, cfg.Edge.Mode, edge.Virtual)
	assert.Equal(t, len(cfg.Nodes.Named(arvan.Worker)), 2)
}
