package provider

func init() {
	lives[sshKeyToken] = func(*world) life {
		return life{
			inputs:   map[string]any{"name": "admin", "publicKey": publicKey},
			changes:  []map[string]any{{"publicKey": otherKey}},
			replaces: map[string]any{"name": "other", "zone": "ir-thr-fr1"},
			outputs:  []string{"fingerprint"},
			untold:   []string{"publicKey"}, // without its comment it is another text
		}
	}
	lives[networkToken] = func(*world) life {
		return life{
			inputs: map[string]any{"name": "cluster", "cidr": "10.10.0.0/24", "description": "of the cluster", "gateway": "10.10.0.254",
				"enableGateway": true, "enableDhcp": true, "mtu": 1450, "dnsServers": []any{"178.22.122.100"},
				"dhcpRanges": []any{map[string]any{"start": "10.10.0.10", "end": "10.10.0.99"}}},
			changes: []map[string]any{{"name": "nodes"}, {"description": "other"}, {"gateway": "10.10.0.1"}, {"mtu": 1400}, {"enableDhcp": false},
				{"dnsServers": []any{"185.51.200.2"}}, {"dhcpRanges": []any{map[string]any{"start": "10.10.0.20", "end": "10.10.0.50"}}}},
			replaces: map[string]any{"cidr": "10.10.0.0/16", "zone": "ir-thr-fr1"},
			outputs:  []string{"networkId", "subnetId"},
			untold:   []string{"enableGateway", "enableDhcp", "mtu"}, // left to ArvanCloud, as long as they are what it does by itself
		}
	}
	lives[securityGroupToken] = func(*world) life {
		rule := func(port int, cidr string) map[string]any {
			return map[string]any{"direction": "ingress", "protocol": "tcp", "portFrom": port, "cidrs": []any{cidr}}
		}
		return life{
			inputs: map[string]any{"name": "nodes", "description": "of the cluster", "rules": []any{rule(22, "192.0.2.0/24"), rule(80, "0.0.0.0/0")}},
			changes: []map[string]any{{"rules": []any{rule(22, "198.51.100.0/24"), rule(80, "0.0.0.0/0")}},
				{"rules": []any{rule(2222, "192.0.2.0/24"), rule(80, "0.0.0.0/0")}}, {"rules": []any{rule(80, "0.0.0.0/0")}}},
			replaces: map[string]any{"name": "other", "description": "other", "zone": "ir-thr-fr1"},
			outputs:  []string{"securityGroupId"},
			untold:   []string{"rules"}, // an import lists them in another order
		}
	}
	lives[serverToken] = func(w *world) life {
		key := w.add(sshKeyToken, map[string]any{"name": "admin", "publicKey": publicKey})
		network := w.network()
		storage := w.add(networkToken, map[string]any{"name": "storage", "cidr": "10.20.0.0/24"})
		first := w.add(securityGroupToken, map[string]any{"name": "nodes"})
		second := w.add(securityGroupToken, map[string]any{"name": "workers"})
		group := w.add("arvancloud:iaas:ServerGroup", map[string]any{"name": "apart"})
		at := func(network *thing, address string) map[string]any {
			return map[string]any{"networkId": network.get("networkId"), "address": address}
		}
		return life{
			inputs: map[string]any{"name": "w1", "planId": "g2-4-2-0", "imageId": w.around.image("debian", "12"), "sshKeyName": key.get("name"),
				"diskSize": 40, "initScript": "#cloud-config\n", "securityGroupIds": []any{first.get("securityGroupId")},
				"networks": []any{at(network, "10.10.0.11")}, "enablePublicAddress": true, "serverGroupId": group.get("serverGroupId"), "powerState": "on"},
			changes: []map[string]any{{"name": "w2"}, {"planId": "g2-8-4-0"}, {"securityGroupIds": []any{second.get("securityGroupId")}},
				{"networks": []any{at(network, "10.10.0.12")}}, {"networks": []any{at(network, "10.10.0.11"), at(storage, "10.20.0.11")}},
				{"enablePublicAddress": false}, {"powerState": "off"}},
			replaces: map[string]any{"zone": "ir-thr-fr1", "sshKeyName": "other", "initScript": "#!/bin/sh\n", "serverGroupId": "other"},
			outputs:  []string{"serverId", "status", "publicAddress", "privateAddress", "pricePerHour", "pricePerMonth"},
			untold:   []string{"diskSize", "initScript", "enablePublicAddress", "powerState"},
			further: func(server *thing) {
				server.update(map[string]any{"diskSize": 60})
				server.settled()
			},
		}
	}
	lives[dnsRecordToken] = func(*world) life {
		return life{
			inputs: map[string]any{"domain": testDomain, "name": "demo", "type": "a", "cloud": true, "ttl": 600, "upstreamHttps": "https",
				"addresses":    []any{map[string]any{"ip": "192.0.2.1"}, map[string]any{"ip": "192.0.2.2", "weight": 10}},
				"ipFilterMode": map[string]any{"count": "multi", "order": "rr", "geoFilter": "none"}},
			changes: []map[string]any{{"cloud": false}, {"ttl": 120}, {"upstreamHttps": "http"}, {"addresses": []any{map[string]any{"ip": "192.0.2.3"}}},
				{"ipFilterMode": map[string]any{"count": "single", "order": "weighted", "geoFilter": "none"}}},
			replaces: map[string]any{"domain": "example.ir", "name": "other"},
			outputs:  []string{"recordId", "host"},
			untold:   []string{"ipFilterMode"},
		}
	}
}
