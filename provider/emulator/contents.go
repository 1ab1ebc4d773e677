package emulator

import (
	"fmt"
	"strings"
	"time"
)

// Item is one thing that exists because somebody made it.
type Item struct {
	Zone string `json:"zone"` // empty for domains and records
	// Kind is server, network, security-group, ssh-key, server-group, volume, floating-ip, snapshot, image, tag, ptr, domain,
	// dns-record, certificate, or the kind of a collection of the CDN such as page-rule.
	Kind    string  `json:"kind"`
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Status  string  `json:"status,omitempty"`
	Detail  string  `json:"detail,omitempty"`
	Address string  `json:"address,omitempty"`
	Hourly  float64 `json:"hourly"` // price in IRR
	// Created is when it was made; zero for what does not remember it.
	Created time.Time `json:"created,omitzero"`
}

// Contents lists everything that was made and is still there, deleted servers that are still listed included. What every
// account has from the start (public networks, default security groups, the domain iransre.ir) is not in it.
func (e *Emulator) Contents() []Item {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.settleAll(e.now())
	items := []Item{}
	for _, z := range e.world.Zones {
		items = append(items, z.contents()...)
	}
	for _, d := range e.world.Domains {
		if d.ID != stableID("domain", d.Name) {
			items = append(items, Item{Kind: "domain", ID: d.ID, Name: d.Name, Status: d.Status, Created: d.Created})
		}
		for _, r := range d.Records {
			name := strings.TrimPrefix(r.Name+"."+d.Name, "@.")
			items = append(items, Item{Kind: "dns-record", ID: r.ID, Name: name, Detail: r.Type + " " + string(r.Value), Created: r.Created})
		}
		for _, k := range collections {
			items = append(items, k.contents(d.Name, d.holder(k.path))...)
		}
		for _, k := range d.Certificates {
			if !k.Managed {
				items = append(items, Item{Kind: "certificate", ID: k.ID, Name: strings.Join(k.Names, ", "), Detail: k.KeyType + " by " + k.Issuer})
			}
		}
	}
	return items
}

// contents lists the objects of a collection, each followed by its members.
func (k *collection) contents(within string, holder *cdnObject) []Item {
	var items []Item
	for _, o := range holder.Members {
		name := ""
		for _, field := range []string{"name", "url", "url_pattern", "address"} {
			if name == "" {
				name = k.fields.text(o.Fields, field)
			}
		}
		items = append(items, Item{Kind: k.kind, ID: o.ID, Name: name, Detail: within, Created: o.Created})
		if k.members != nil {
			items = append(items, k.members.contents(within+" "+name, o)...)
		}
	}
	return items
}

// contents lists what was made in a zone.
func (z *zone) contents() []Item {
	var items []Item
	add := func(item Item) {
		item.Zone = z.Code
		items = append(items, item)
	}
	for _, s := range z.Servers {
		status := s.Status
		if s.TaskState != "" {
			status += " (" + s.TaskState + ")"
		}
		var addresses []string
		for _, p := range z.portsOfServer(s.ID) {
			addresses = append(addresses, p.IP)
		}
		add(Item{
			Kind: "server", ID: s.ID, Name: s.Name, Status: status, Detail: s.Plan, Address: strings.Join(addresses, " "), Hourly: z.hourly(s),
			Created: s.Created,
		})
	}
	for _, n := range z.privateNetworks() {
		add(Item{Kind: "network", ID: n.ID, Name: n.Name, Status: "ACTIVE", Detail: n.Subnet.CIDR, Created: n.Created})
	}
	for _, g := range z.Groups {
		if !g.Default {
			add(Item{Kind: "security-group", ID: g.ID, Name: g.RealName, Detail: g.Description, Created: g.Created})
		}
	}
	for _, k := range z.SSHKeys {
		add(Item{Kind: "ssh-key", ID: k.Name, Name: k.Name, Detail: k.Fingerprint, Created: k.Created})
	}
	for _, g := range z.ServerGroups {
		add(Item{Kind: "server-group", ID: g.ID, Name: g.Name, Detail: strings.Join(g.Policies, ", ")})
	}
	for _, v := range z.Volumes {
		add(Item{
			Kind: "volume", ID: v.ID, Name: v.Name, Status: v.Status, Detail: fmt.Sprintf("%d GB %s", v.Size, v.Type), Hourly: v.hourly(),
			Created: v.Created,
		})
	}
	for _, s := range z.Snapshots {
		add(Item{Kind: "snapshot", ID: s.ID, Name: s.Name, Status: s.Status, Detail: "of a " + s.kind(), Created: s.Created})
	}
	for _, i := range z.Images {
		add(Item{Kind: "image", ID: i.ID, Name: i.Name, Status: i.Status, Created: i.Created})
	}
	for _, f := range z.FloatingIPs {
		add(Item{Kind: "floating-ip", ID: f.ID, Name: f.Address, Status: f.status(), Address: f.Address, Hourly: catalogue.AddressHourly})
	}
	for _, t := range z.Tags {
		add(Item{Kind: "tag", ID: t.ID, Name: t.Name})
	}
	for _, p := range z.PTRs {
		add(Item{Kind: "ptr", ID: p.IP, Name: p.Domain, Address: p.IP})
	}
	return items
}

// hourly is what a server costs; one that is going away costs nothing any more.
func (z *zone) hourly(s *server) float64 {
	if s.deleting() {
		return 0
	}
	return catalogue.plan(s.Plan).Hourly
}

// plural is the item's kind as the key of a list, for example securityGroups.
func (i Item) plural() string {
	words := strings.Split(i.Kind, "-")
	for n, word := range words[1:] {
		words[n+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "") + "s"
}
