package emulator

// floatingIP is a public address that can be moved between ports of private networks.
type floatingIP struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	PortID  string `json:"portId"`
}

func (f *floatingIP) key() string { return f.ID }

func (f *floatingIP) detach() { f.PortID = "" }

func (z *zone) floatingReference(portID string) any {
	for _, f := range z.FloatingIPs {
		if f.PortID == portID {
			return map[string]any{"id": f.ID, "floating_ip_address": f.Address}
		}
	}
	return nil
}

func (f *floatingIP) status() string {
	if f.PortID == "" {
		return "DOWN"
	}
	return "ACTIVE"
}
