package real

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

func (m *machine) seedDir() string { return filepath.Join(m.dir, "seed") }

// writeSeed leaves what cloud-init reads where it looks for it: the user data is obeyed by the real one, once for each machine ID.
func (m *machine) writeSeed() error {
	spec := m.state.Get().Machine
	meta, err := yaml.Marshal(map[string]any{"instance-id": spec.ID, "local-hostname": spec.Name, "public-keys": spec.AuthorizedKeys})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(m.seedDir(), 0o700); err != nil {
		return err
	}
	for name, content := range map[string][]byte{"meta-data": meta, "user-data": []byte(spec.UserData)} {
		if err := os.WriteFile(filepath.Join(m.seedDir(), name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// writeAuthority leaves whom the machine has to trust where launch.sh looks for it.
func (m *machine) writeAuthority() error {
	return os.WriteFile(filepath.Join(m.dir, "authority.crt"), m.hosts.opts.Authority, 0o600)
}

// machineID makes 32 hexadecimal digits of an ID, always the same ones.
func machineID(id string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(id)))[:32] }
