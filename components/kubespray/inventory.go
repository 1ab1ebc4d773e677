package kubespray

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/iransre/exchange-platform/components/kubespray/plan"
)

// address is what is only known once a machine runs.
type address struct {
	private, public, hostKey, machine, image string
}

// hostVariables are a node's variables in Kubespray's inventory, in the order they are written.
type hostVariables struct {
	AnsibleHost string `yaml:"ansible_host"`
	AnsiblePort int    `yaml:"ansible_port"`
	AnsibleUser string `yaml:"ansible_user"`
	// IP is what services bind to. Without it Kubespray takes the interface of the default route: the public one.
	IP       string `yaml:"ip"`
	AccessIP string `yaml:"access_ip"`
	// EtcdMember is explicit because Kubespray's default counts positions, which shift when a member leaves.
	EtcdMember string            `yaml:"etcd_member_name,omitempty"`
	Labels     map[string]string `yaml:"node_labels,omitempty"`
	Taints     []string          `yaml:"node_taints,omitempty"`
}

// entry and ordered are a YAML mapping that keeps its order: the first host of a group is special to Kubespray, and
// Ansible takes a group's order from the file.
type entry struct {
	key   string
	value any
}

type ordered []entry

// MarshalYAML implements yaml.Marshaler.
func (o ordered) MarshalYAML() (any, error) {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, e := range o {
		var key, value yaml.Node
		if err := key.Encode(e.key); err != nil {
			return nil, err
		}
		if err := value.Encode(e.value); err != nil {
			return nil, err
		}
		node.Content = append(node.Content, &key, &value)
	}
	return node, nil
}

// inventory renders hosts.yaml.
func inventory(nodes []plan.Node) ([]byte, error) {
	var hosts, controlPlanes, members, workers ordered
	for _, node := range nodes {
		variables := hostVariables{
			AnsibleHost: node.Address,
			AnsiblePort: node.Port,
			AnsibleUser: node.User,
			IP:          node.Address,
			AccessIP:    node.Address,
			Labels:      node.Labels,
			Taints:      node.Taints,
		}
		if node.Etcd {
			variables.EtcdMember = node.Name
			members = append(members, entry{node.Name, ordered{}})
		}
		if node.ControlPlane {
			controlPlanes = append(controlPlanes, entry{node.Name, ordered{}})
		}
		if node.Worker {
			workers = append(workers, entry{node.Name, ordered{}})
		}
		hosts = append(hosts, entry{node.Name, variables})
	}
	group := func(hosts ordered) ordered { return ordered{{"hosts", hosts}} }
	return render(ordered{{"all", ordered{
		{"hosts", hosts},
		{"children", ordered{
			{"kube_control_plane", group(controlPlanes)},
			{"etcd", group(members)},
			{"kube_node", group(workers)},
			// Kubespray makes this group itself, but too late for the variables of group_vars/k8s_cluster.
			{"k8s_cluster", ordered{{"children", ordered{
				{"kube_control_plane", ordered{}},
				{"kube_node", ordered{}},
			}}}},
		}},
	}}})
}

// render writes a value as a YAML document with two spaces of indentation.
func render(value any) ([]byte, error) {
	var text bytes.Buffer
	text.WriteString("---\n")
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("render YAML: %w", err)
	}
	return text.Bytes(), encoder.Close()
}
