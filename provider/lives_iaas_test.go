package provider

import (
	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// valueOptions compares values by what they hold.
var valueOptions = cmp.Comparer(func(a, b property.Value) bool { return a.Equals(b) })

func init() {
	lives["arvancloud:iaas:ServerGroup"] = func(*world) life {
		return life{
			inputs:   map[string]any{"name": "workers"},
			replaces: map[string]any{"name": "others", "policy": "affinity", "zone": "ir-thr-fr1"},
			outputs:  []string{"serverGroupId"},
		}
	}
	lives["arvancloud:storage:Volume"] = func(*world) life {
		return life{
			inputs:   map[string]any{"name": "backups", "size": 40, "type": "hdd", "description": "of the database"},
			changes:  []map[string]any{{"name": "archive"}, {"description": "of the logs"}},
			replaces: map[string]any{"type": "ssd", "zone": "ir-thr-fr1"},
			outputs:  []string{"volumeId", "pricePerHour", "pricePerMonth"},
		}
	}
	lives["arvancloud:storage:VolumeAttachment"] = func(w *world) life {
		volume := w.add("arvancloud:storage:Volume", map[string]any{"name": "backups", "size": 40})
		return life{
			inputs:   map[string]any{"volumeId": volume.get("volumeId"), "serverId": w.server("m1").get("serverId")},
			replaces: map[string]any{"volumeId": "other", "serverId": "other"},
			outputs:  []string{"device"},
		}
	}
	lives["arvancloud:storage:Snapshot"] = func(w *world) life {
		volume := w.add("arvancloud:storage:Volume", map[string]any{"name": "backups", "size": 40})
		return life{
			inputs:   map[string]any{"name": "before", "description": "an upgrade", "volumeId": volume.get("volumeId")},
			changes:  []map[string]any{{"name": "after"}, {"description": "a change"}},
			replaces: map[string]any{"volumeId": "other"},
			outputs:  []string{"snapshotId", "size"},
			further: func(of *thing) {
				server := of.plugin.create("arvancloud:storage:Snapshot", map[string]any{"name": "root", "serverId": w.server("m1").get("serverId")})
				server.settled()
				server.delete()
			},
		}
	}
	lives["arvancloud:tagging:Tag"] = func(*world) life {
		return life{
			inputs:   map[string]any{"name": "exchange"},
			changes:  []map[string]any{{"name": "platform"}},
			replaces: map[string]any{"zone": "ir-thr-fr1"},
			outputs:  []string{"tagId"},
		}
	}
	lives["arvancloud:tagging:ServerTag"] = func(w *world) life {
		tag := w.add("arvancloud:tagging:Tag", map[string]any{"name": "exchange"})
		return life{
			inputs:   map[string]any{"tagId": tag.get("tagId"), "serverId": w.server("m1").get("serverId")},
			replaces: map[string]any{"tagId": "other", "serverId": "other"},
		}
	}
	lives["arvancloud:networking:FloatingIp"] = func(*world) life {
		return life{
			inputs:   map[string]any{"description": "web"},
			replaces: map[string]any{"description": "mail", "zone": "ir-thr-fr1"},
			outputs:  []string{"floatingIpId", "address"},
		}
	}
	lives["arvancloud:networking:FloatingIpAttachment"] = func(w *world) life {
		address := w.add("arvancloud:networking:FloatingIp", map[string]any{"description": "web"})
		network := w.network()
		first, second := w.server("w1", network), w.server("w2", network)
		return life{
			inputs: map[string]any{"floatingIpId": address.get("floatingIpId"), "serverId": first.get("serverId"),
				"networkId": network.get("networkId")},
			changes:  []map[string]any{{"serverId": second.get("serverId")}},
			replaces: map[string]any{"floatingIpId": "other"},
			outputs:  []string{"address"},
		}
	}
	lives["arvancloud:networking:PtrRecord"] = func(w *world) life {
		return life{
			inputs:   map[string]any{"address": w.server("mail").get("publicAddress"), "domain": "mail.iransre.ir"},
			changes:  []map[string]any{{"domain": "smtp.iransre.ir"}},
			replaces: map[string]any{"address": "192.0.2.9"},
		}
	}
	lives["arvancloud:networking:PortSecurity"] = func(w *world) life {
		network := w.network()
		return life{
			inputs:   map[string]any{"serverId": w.server("w1", network).get("serverId"), "networkId": network.get("networkId"), "enabled": false},
			changes:  []map[string]any{{"enabled": true}},
			replaces: map[string]any{"networkId": "other", "serverId": "other"},
			outputs:  []string{"portId"},
			keeps:    true,
		}
	}
}
