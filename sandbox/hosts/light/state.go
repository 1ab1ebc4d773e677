package light

import (
	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// state is what a machine is known by on disk.
type state struct {
	Machine  emulator.Machine          `json:"machine"`
	Hostname string                    `json:"hostname"`
	Running  bool                      `json:"running"`
	UserData *guestapi.CloudInitStatus `json:"userData,omitempty"` // nil until the user data ran once
	Node     *hosts.Node               `json:"node,omitempty"`     // what kubeadm made of it
	CertSANs []string                  `json:"certSANs,omitempty"` // names its API endpoint is reached by
	Faults   hosts.Faults              `json:"faults,omitzero"`
}
