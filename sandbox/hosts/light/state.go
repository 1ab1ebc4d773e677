package light

import (
	"encoding/json"
	"errors"
	"os"

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

// save writes the state so that a crash leaves the old or the new one.
func (m *machine) save() error {
	m.mu.Lock()
	data, err := json.MarshalIndent(m.state, "", "  ")
	m.mu.Unlock()
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(m.dir, ".machine-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Close())
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return os.Rename(temporary.Name(), m.stateFile())
}

// update changes the state and saves it.
func (m *machine) update(change func(*state)) error {
	m.mu.Lock()
	change(&m.state)
	m.mu.Unlock()
	return m.save()
}

func (m *machine) snapshot() state {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}
