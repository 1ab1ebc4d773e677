package light

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/kubeadm"
)

var _ kubeadm.Machine = (*machine)(nil)

// On returns an error when the machine is switched off.
func (m *machine) On() error {
	_, err := m.live()
	return err
}

// Connected tells whether the machine runs and is on the network.
func (m *machine) Connected() bool {
	state := m.state.Get()
	return state.Running && !state.Faults.Cut
}

// Node returns what kubeadm made of the machine.
func (m *machine) Node() (*hosts.Node, []string) {
	state := m.state.Get()
	return state.Node, state.CertSANs
}

// SetNode remembers what kubeadm made of the machine, and makes it answer accordingly. One that is off does so when it starts.
func (m *machine) SetNode(node *hosts.Node, certSANs []string) error {
	if err := m.state.Update(func(s *state) { s.Node, s.CertSANs = node, certSANs }); err != nil {
		return err
	}
	run, err := m.live()
	if err != nil {
		return nil
	}
	return m.listen(run)
}

// WriteFile writes a file of the node, for root only.
func (m *machine) WriteFile(name string, content []byte) error {
	if m.state.Get().Faults.Full {
		return &os.PathError{Op: "write", Path: "/" + name, Err: syscall.ENOSPC}
	}
	root, err := m.tree().Open()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := root.WriteFile(name, content, 0o600); err != nil {
		return err
	}
	return root.Chmod(name, 0o600)
}

// RemoveFile removes a file of the node, if it is there.
func (m *machine) RemoveFile(name string) error {
	root, err := m.tree().Open()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
