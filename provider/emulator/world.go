package emulator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// world is all that exists: what the state file holds.
type world struct {
	Zones    []*zone   `json:"zones"`
	Domains  []*domain `json:"domains"`
	Sequence int       `json:"sequence"`
}

// zone is what exists in one availability zone; nothing is shared between zones.
type zone struct {
	Code         string           `json:"code"`
	SSHKeys      []*sshKey        `json:"sshKeys"`
	Networks     []*network       `json:"networks"`
	Ports        []*port          `json:"ports"`
	Groups       []*securityGroup `json:"securityGroups"`
	Servers      []*server        `json:"servers"`
	ServerGroups []*serverGroup   `json:"serverGroups"`
	FloatingIPs  []*floatingIP    `json:"floatingIps"`
	Volumes      []*volume        `json:"volumes"`
	Snapshots    []*snapshot      `json:"snapshots"`
	Images       []*privateImage  `json:"images"`
	Tags         []*tag           `json:"tags"`
	PTRs         []*ptrRecord     `json:"ptrRecords"`

	index *zoneIndex // nil when it has to be made
}

// keyed is a thing that lists find by one key.
type keyed interface{ key() string }

// find returns the item with the key; the zero value and false when there is none.
func find[T keyed](items []T, key string) (T, bool) {
	for _, item := range items {
		if item.key() == key {
			return item, true
		}
	}
	var none T
	return none, false
}

// without returns the items but the one with the key.
func without[T keyed](items []T, key string) []T {
	kept := make([]T, 0, len(items))
	for _, item := range items {
		if item.key() != key {
			kept = append(kept, item)
		}
	}
	return kept
}

// newWorld has every zone with its public network and default security group, and the domain that the demo stack uses.
func newWorld(now time.Time, public addressPool) *world {
	w := &world{}
	for _, place := range catalogue.Zones {
		w.Zones = append(w.Zones, newZone(place.Code, now, public))
	}
	w.Domains = []*domain{newDomain("iransre.ir", "full", 1, now)}
	w.Domains[0].Status = "active"
	return w
}

func newZone(code string, now time.Time, public addressPool) *zone {
	return &zone{
		Code:     code,
		Networks: []*network{newPublicNetwork(code, now, public)},
		Groups:   []*securityGroup{newDefaultGroup(code, now)},
	}
}

func (w *world) zone(code string) *zone {
	for _, z := range w.Zones {
		if z.Code == code {
			return z
		}
	}
	return nil
}

// newID returns a random UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return formatID(b[:])
}

// stableID returns the same UUID for the same words, for things that exist before anybody made them.
func stableID(words ...any) string {
	sum := sha256.Sum256(fmt.Append(nil, words...))
	return formatID(sum[:16])
}

func formatID(b []byte) string {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// timestamp is how v1 writes a time.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
