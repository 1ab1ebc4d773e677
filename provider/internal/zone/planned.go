package zone

import (
	"maps"
	"sync"
)

// Planned is what the session's checks remember of a stack, so that they can judge it as a whole: something of each resource, by zone.
// A resource counts as it was checked first: the engine checks a resource that it replaces once more, as if it were new.
type Planned[T any] struct {
	mu  sync.Mutex
	all map[string]map[string]T // by zone and resource
}

// Add stores what is planned for a resource, unless something is already.
func (p *Planned[T]) Add(zone, resource string, planned T) (first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[string]map[string]T{}
	}
	if p.all[zone] == nil {
		p.all[zone] = map[string]T{}
	}
	if _, known := p.all[zone][resource]; known {
		return false
	}
	p.all[zone][resource] = planned
	return true
}

// Of is what is planned for the zone, by resource.
func (p *Planned[T]) Of(zone string) map[string]T {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.all[zone])
}
