package arvan

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Cost is an amount of money, without traffic and what the account's plan adds.
type Cost struct {
	Currency pulumi.String        `output:"currency"`
	PerHour  pulumi.Float64Output `output:"perHour"`
	PerMonth pulumi.Float64Output `output:"perMonth"`
}

// PublicAddresses are those of the nodes of a role but some: of workers, where the edge sends web traffic; of control planes, where
// the Kubernetes API answers.
func (m *Machines) PublicAddresses(role Role, without ...string) pulumi.StringArray {
	return m.addresses(role, without, func(machine Machine) pulumi.StringOutput { return machine.PublicAddress })
}

// PrivateAddresses are those of the nodes of a role in the private network.
func (m *Machines) PrivateAddresses(role Role) pulumi.StringArray {
	return m.addresses(role, nil, func(machine Machine) pulumi.StringOutput { return machine.PrivateAddress })
}

func (m *Machines) addresses(role Role, without []string, of func(Machine) pulumi.StringOutput) pulumi.StringArray {
	var found pulumi.StringArray
	for _, node := range m.nodes {
		if node.Role == role && !slices.Contains(without, node.Name) {
			found = append(found, of(m.Machines[node.Name]))
		}
	}
	return found
}

// describe makes what others are told of the machines.
func (m *Machines) describe(args *Args) {
	var perHour, perMonth []any
	for _, node := range m.nodes {
		machine := m.Machines[node.Name]
		m.Nodes = append(m.Nodes, pulumi.Map{
			"name": pulumi.String(node.Name), "role": pulumi.String(node.Role), "zone": pulumi.String(args.Cloud.Zone),
			"privateIp": machine.PrivateAddress, "publicIp": machine.PublicAddress,
		})
		perHour, perMonth = append(perHour, machine.PricePerHour), append(perMonth, machine.PricePerMonth)
	}
	for _, volume := range m.volumes {
		perHour, perMonth = append(perHour, volume.PricePerHour), append(perMonth, volume.PricePerMonth)
	}
	m.WebAddresses = m.PublicAddresses(Worker)
	if args.VirtualAddress.IsValid() {
		m.WebAddresses = pulumi.StringArray{pulumi.String(args.VirtualAddress.String())}
	}
	m.Cost = Cost{Currency: "IRR", PerHour: sum(perHour), PerMonth: sum(perMonth)}
}

func sum(amounts []any) pulumi.Float64Output {
	return pulumi.All(amounts...).ApplyT(func(known []any) float64 {
		total := 0.0
		for _, amount := range known {
			total += amount.(float64)
		}
		return total
	}).(pulumi.Float64Output)
}
