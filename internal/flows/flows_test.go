package flows_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/internal/flows"
)

var ranges = flows.Ranges{Nodes: "10.10.0.0/24", Pods: "10.233.64.0/18", Services: "10.233.0.0/18"}

// end is one side of a connection: a pod of a namespace, or an address that belongs to no pod.
type end struct {
	namespace string
	address   string
}

func pod(namespace string) end   { return end{namespace, "10.233.64.7"} }
func address(address string) end { return end{"", address} }

// allowed tells, as Kubernetes defines it, whether a pod or an address may connect: what the policies of both sides let through where these
// pages are published.
func allowed(t *testing.T, from, to end, port int, protocol string, published ...string) bool {
	t.Helper()
	table, err := flows.Load()
	assert.NilError(t, err)
	return selects(t, table.Policy(from.namespace, ranges, published), "egress", "to", from, to, port, protocol) &&
		selects(t, table.Policy(to.namespace, ranges, published), "ingress", "from", to, from, port, protocol)
}

func selects(t *testing.T, policy map[string]any, direction, peers string, own, other end, port int, protocol string) bool {
	t.Helper()
	if policy == nil { // nothing selects it
		return true
	}
	for _, each := range policy[direction].([]any) {
		rule := each.(map[string]any)
		ports, given := rule["ports"].([]any)
		if given && !slices.ContainsFunc(ports, func(each any) bool {
			wanted, number := each.(map[string]any), each.(map[string]any)["port"]
			return wanted["protocol"] == protocol && (number == nil || number == port)
		}) {
			continue
		}
		if slices.ContainsFunc(rule[peers].([]any), func(peer any) bool { return matches(t, peer.(map[string]any), own, other) }) {
			return true
		}
	}
	return false
}

func matches(t *testing.T, peer map[string]any, own, other end) bool {
	t.Helper()
	if block, is := peer["ipBlock"].(map[string]any); is {
		within := func(cidr any) bool {
			return netip.MustParsePrefix(cidr.(string)).Contains(netip.MustParseAddr(other.address))
		}
		except, _ := block["except"].([]any)
		return within(block["cidr"]) && !slices.ContainsFunc(except, within)
	}
	if selector, is := peer["namespaceSelector"].(map[string]any); is {
		return selector["matchLabels"].(map[string]any)["kubernetes.io/metadata.name"] == other.namespace
	}
	assert.DeepEqual(t, peer, map[string]any{"podSelector": map[string]any{}})
	return own.namespace == other.namespace
}

const (
	node     = "10.10.0.11"
	metadata = "169.254.169.254"
	browser  = "198.51.100.7"
)

func TestWhatShouldReachReaches(t *testing.T) {
	for _, flow := range []struct {
		from, to end
		port     int
	}{
		{address(browser), pod("ingress-nginx"), 443},
		{address(browser), pod("ingress-nginx"), 8443}, // Traefik's
		{pod("monitoring"), pod("ingress-nginx"), 9100},
		{pod("ingress-nginx"), pod("exchange"), 8000},
		{pod("ingress-nginx"), pod("objectstore"), 9000},
		{pod("exchange"), pod("postgres"), 5432},
		{pod("exchange"), pod("postgres"), 5433},
		{pod("exchange"), pod("objectstore"), 9000},
		{pod("exchange"), address("198.51.100.80"), 443},
		{pod("exchange"), pod("exchange"), 8000},
		{pod("postgres"), address(node), 6443}, // without which no server finds out what it is
		{pod("postgres"), pod("postgres"), 8000},
		{pod("postgres"), address("198.51.100.80"), 443},
		{pod("cnpg-system"), pod("postgres"), 8000},
		{address(node), pod("cnpg-system"), 9443},
		{address("10.233.70.0"), pod("cnpg-system"), 9443}, // the API server behind a tunnel
		{pod("metallb-system"), address(node), 6443},
		{address(node), pod("metallb-system"), 9443},
		{pod("monitoring"), pod("metallb-system"), 9120},
		{pod("monitoring"), address(node), 9120}, // speakers
		{pod("objectstore"), pod("objectstore"), 9000},
		{pod("logging"), pod("logging"), 9200},
		{pod("logging"), address(node), 6443},
		{pod("logging"), address("198.51.100.80"), 443}, // snapshots
		{pod("logging-nodes"), pod("logging"), 9200},
		{pod("logging-nodes"), address(node), 6443},
		{pod("elastic-system"), pod("logging"), 9200},
		{pod("monitoring"), pod("logging-nodes"), 2020},
		{pod("monitoring"), address(node), 2381},
		{pod("monitoring"), pod("exchange"), 9808},
		{pod("monitoring"), pod("alerting"), 8080},
		{pod("monitoring"), address(node), 9095},
		{pod("alerting"), address("198.51.100.80"), 443},
		{pod("gitlab-runner"), address("198.51.100.80"), 443},
		{pod("gitlab-runner"), address(node), 6443},
		{pod("gitlab-jobs"), address("198.51.100.80"), 5000}, // a registry
		{pod("monitoring"), pod("gitlab-runner"), 9252},
	} {
		assert.Check(t, allowed(t, flow.from, flow.to, flow.port, "TCP"), "%v does not reach %v at %d", flow.from, flow.to, flow.port)
	}
}

func TestEveryNamespaceAsksForNames(t *testing.T) {
	table, err := flows.Load()
	assert.NilError(t, err)
	for _, namespace := range table.Namespaces {
		for _, protocol := range []string{"UDP", "TCP"} {
			assert.Check(t, allowed(t, pod(namespace), pod("kube-system"), 53, protocol), namespace)
			assert.Check(t, allowed(t, pod(namespace), address("169.254.25.10"), 53, protocol), namespace)
		}
	}
}

func TestNothingElseReaches(t *testing.T) {
	for _, flow := range []struct {
		from, to end
		port     int
	}{
		{pod("exchange"), pod("logging"), 5601}, // Kibana
		{pod("exchange"), pod("logging"), 9200},
		{pod("exchange"), address(node), 2379}, // etcd
		{pod("exchange"), address(node), 2381},
		{pod("exchange"), address(node), 6443},
		{pod("exchange"), address(node), 22},
		{pod("exchange"), address(metadata), 80},
		{pod("exchange"), address(metadata), 53},
		{pod("exchange"), pod("monitoring"), 9093},
		{pod("exchange"), pod("alerting"), 8080},
		{pod("exchange"), pod("cnpg-system"), 9090},
		{pod("exchange"), pod("postgres"), 8000},
		{pod("exchange"), pod("objectstore"), 9001}, // MinIO's console
		{pod("exchange"), pod("somebody"), 80},
		{pod("somebody"), pod("exchange"), 8000},
		{pod("somebody"), pod("postgres"), 5432},
		{address(browser), pod("exchange"), 8000},
		{pod("ingress-nginx"), pod("postgres"), 5432},
		{pod("ingress-nginx"), address("198.51.100.80"), 443},
		{pod("postgres"), pod("exchange"), 8000},
		{pod("postgres"), address(metadata), 80},
		{pod("objectstore"), address("198.51.100.80"), 443},
		{pod("logging"), address(metadata), 80},
		{pod("logging-nodes"), address("198.51.100.80"), 443},
		{pod("logging-nodes"), pod("exchange"), 8000},
		{pod("elastic-system"), address("198.51.100.80"), 443},
		{pod("exchange"), pod("logging-nodes"), 2020},
		{pod("metallb-system"), pod("exchange"), 8000},
		{pod("exchange"), address(node), 9120},
		{pod("monitoring"), pod("postgres"), 5432},
		{pod("monitoring"), address(node), 2379},
		{pod("platform-access"), address(node), 6443},
		{pod("gitlab-jobs"), pod("postgres"), 5432},
		{pod("gitlab-jobs"), pod("exchange"), 8000},
		{pod("gitlab-jobs"), pod("objectstore"), 9000},
		{pod("gitlab-jobs"), pod("somebody"), 80},
		{pod("gitlab-jobs"), pod("gitlab-jobs"), 5432}, // another pipeline's
		{pod("gitlab-jobs"), pod("gitlab-runner"), 9252},
		{pod("gitlab-jobs"), address(node), 6443},
		{pod("gitlab-jobs"), address(node), 22},
		{pod("gitlab-jobs"), address(metadata), 80},
		{pod("gitlab-runner"), pod("gitlab-jobs"), 22},
		{pod("gitlab-runner"), pod("postgres"), 5432},
	} {
		assert.Check(t, !allowed(t, flow.from, flow.to, flow.port, "TCP"), "%v reaches %v at %d", flow.from, flow.to, flow.port)
	}
}

// A name that is mistyped would be a flow that nothing has.
func TestEverySideIsKnown(t *testing.T) {
	table, err := flows.Load()
	assert.NilError(t, err)
	known := append([]string{"everybody", "outside", "nodes", "cluster", "kube-system"}, table.Namespaces...)
	for namespace := range table.Others {
		known = append(known, namespace)
	}
	seen := map[string]bool{}
	for _, flow := range table.Flows {
		line := fmt.Sprint(flow.From, flow.To, flow.Ports)
		assert.Check(t, !seen[line], "%v is there twice", flow)
		seen[line] = true
		assert.Check(t, slices.Contains(known, flow.From) && slices.Contains(known, flow.To), "%v", flow)
		assert.Check(t, slices.Contains(table.Namespaces, flow.From) || slices.Contains(table.Namespaces, flow.To), "%v: neither side has a policy", flow)
		assert.Check(t, flow.Why != "", "%v", flow)
	}
}

func TestThePagesThatArePublishedAreReached(t *testing.T) {
	controller := pod("ingress-nginx")
	for page, at := range map[string]struct {
		namespace string
		port      int
	}{"grafana": {"monitoring", 3000}, "prometheus": {"monitoring", 9090}, "alertmanager": {"monitoring", 9093}, "kibana": {"logging", 5601}, "argocd": {"argocd", 8080}} {
		assert.Check(t, allowed(t, controller, pod(at.namespace), at.port, "TCP", page), page)
		assert.Check(t, !allowed(t, controller, pod(at.namespace), at.port, "TCP"), "%s is reached though nobody publishes it", page)
	}
	assert.Check(t, !allowed(t, controller, pod("monitoring"), 9090, "TCP", "grafana"))
	assert.Check(t, !allowed(t, pod("exchange"), pod("monitoring"), 9090, "TCP", "prometheus"))
}

// A policy knows no names: of a storage with one, every address that is not the cluster's is let through, by its port alone.
func TestAStorageIsReachedByItsAddressAndPort(t *testing.T) {
	for endpoint, wanted := range map[string][2]any{
		"https://203.0.113.7:9000": {map[string]any{"cidr": "203.0.113.7/32"}, 9000},
		"http://s3.example":        {map[string]any{"cidr": "0.0.0.0/0", "except": []any{"10.0.0.0/8", "169.254.0.0/16"}}, 80},
		"https://s3.example/":      {map[string]any{"cidr": "0.0.0.0/0", "except": []any{"10.0.0.0/8", "169.254.0.0/16"}}, 443},
	} {
		rule, err := flows.Storage(endpoint, "10.0.0.0/8")
		assert.NilError(t, err)
		assert.DeepEqual(t, rule, map[string]any{
			"to": []any{map[string]any{"ipBlock": wanted[0]}}, "ports": []any{map[string]any{"port": wanted[1], "protocol": "TCP"}},
		})
	}
	_, err := flows.Storage("https://s3.example:a")
	assert.ErrorContains(t, err, "the storage's endpoint")
}

// The cloud's metadata is at an address of no range of the cluster's.
func TestWhoReachesAStorageReachesNoMetadata(t *testing.T) {
	policy, err := ranges.ToStorages(map[string]any{"app": "copy"}, "http://s3.example")
	assert.NilError(t, err)
	last := policy["egress"].([]any)[2].(map[string]any)["to"].([]any)[0].(map[string]any)["ipBlock"].(map[string]any)
	assert.DeepEqual(t, last["except"], []any{ranges.Nodes, ranges.Pods, ranges.Services, "169.254.0.0/16"})
}
