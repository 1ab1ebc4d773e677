package emulator

// zoneIndex finds servers and their ports without looking at all of them. It is made when it is needed and thrown away when servers
// or ports come or go, so that reading a zone takes time that grows with what is in it and not with its square.
type zoneIndex struct {
	servers map[string]*server
	ports   map[string][]*port
}

func (z *zone) indexed() *zoneIndex {
	if z.index != nil {
		return z.index
	}
	z.index = &zoneIndex{servers: make(map[string]*server, len(z.Servers)), ports: make(map[string][]*port, len(z.Servers))}
	for _, s := range z.Servers {
		z.index.servers[s.ID] = s
	}
	for _, p := range z.Ports {
		z.index.ports[p.ServerID] = append(z.index.ports[p.ServerID], p)
	}
	return z.index
}

// server finds a server, one that is being deleted included.
func (z *zone) server(id string) (*server, bool) {
	s, ok := z.indexed().servers[id]
	return s, ok
}

// portsOfServer are the ports of a server in the order in which it got them.
func (z *zone) portsOfServer(id string) []*port { return z.indexed().ports[id] }

func (z *zone) addServer(s *server) {
	z.Servers, z.index = append(z.Servers, s), nil
}

func (z *zone) removeServer(s *server) {
	z.Servers, z.index = without(z.Servers, s.ID), nil
}

func (z *zone) addPort(p *port) {
	z.Ports, z.index = append(z.Ports, p), nil
}
