package light

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestserver"
	"github.com/iransre/exchange-platform/sandbox/hosts/rootfs"
)

// A volume of the cloud's is a folder beside the machines. What would be its file system is a folder in it, which is mounted in the
// machine, and a note of what was formatted. It has no device node: the stand-ins know it by the name that its cloud gives it.

// fileSystem is what was made of a volume.
type fileSystem struct {
	UUID string `json:"uuid"`
	GiB  int    `json:"gib"`
}

// mounts are the paths of the volumes that are mounted in a machine, by their ids.
type mounts struct {
	mu    sync.Mutex
	paths map[string]string
}

func (h *Hosts) volumeDir(id string) string { return filepath.Join(h.opts.Dir, ".volumes", id) }

// RemoveVolume forgets what is on a volume.
func (h *Hosts) RemoveVolume(_ context.Context, id string) {
	if !validID.MatchString(id) {
		return
	}
	if err := rootfs.Remove(h.volumeDir(id)); err != nil {
		h.log.Error("volume not removed", "volume", id, "error", err)
	}
	_ = os.Remove(filepath.Dir(h.volumeDir(id))) // the last one takes the folder along
}

// fileSystem is that of a volume; its zero value if it has none.
func (h *Hosts) fileSystem(id string) (made fileSystem, err error) {
	text, err := os.ReadFile(filepath.Join(h.volumeDir(id), "filesystem.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return made, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &made)
	}
	return made, err
}

func (h *Hosts) writeFileSystem(id string, made fileSystem) error {
	text, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(h.volumeDir(id), "filesystem.json"), text, 0o600)
}

// content is where the files of a volume are.
func (h *Hosts) content(id string) string { return filepath.Join(h.volumeDir(id), "files") }

// registerVolumes answers what stand-ins ask about volumes, one after the other.
func (m *machine) registerVolumes(server *guestserver.Server) {
	server.Handle("GET "+guestapi.Volumes, func(w http.ResponseWriter, _ *http.Request) error {
		m.volumes.mu.Lock()
		defer m.volumes.mu.Unlock()
		all := []guestapi.Volume{}
		for i, each := range m.state.Get().Machine.Volumes {
			made, err := m.hosts.fileSystem(each.ID)
			if err != nil {
				return err
			}
			all = append(all, guestapi.Volume{
				Device: each.Device, GiB: each.GiB, Number: fmt.Sprintf("254:%d", 16*(i+1)), UUID: made.UUID, Path: m.volumes.paths[each.ID],
			})
		}
		return json.NewEncoder(w).Encode(all)
	})
	for action, do := range map[string]func(guestapi.VolumeRequest) error{
		"format": m.format, "mount": m.mount, "unmount": m.unmount, "grow": m.grow,
	} {
		server.Handle("POST "+guestapi.Volumes+action, func(_ http.ResponseWriter, r *http.Request) error {
			var request guestapi.VolumeRequest
			if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
				return err
			}
			m.volumes.mu.Lock()
			defer m.volumes.mu.Unlock()
			return do(request)
		})
	}
}

// volume finds what is attached, by its device or by its file system's UUID.
func (m *machine) volume(wanted guestapi.VolumeRequest) (emulator.Volume, fileSystem, error) {
	for _, each := range m.state.Get().Machine.Volumes {
		made, err := m.hosts.fileSystem(each.ID)
		if err != nil || wanted.Device != "" && wanted.Device == each.Device || wanted.UUID != "" && wanted.UUID == made.UUID {
			return each, made, err
		}
	}
	return emulator.Volume{}, fileSystem{}, fmt.Errorf("%s%s: no such device", wanted.Device, wanted.UUID)
}

func (m *machine) format(wanted guestapi.VolumeRequest) error {
	each, _, err := m.volume(guestapi.VolumeRequest{Device: wanted.Device})
	if err != nil {
		return err
	}
	if path := m.volumes.paths[each.ID]; path != "" {
		return fmt.Errorf("%s is mounted at %s", each.Device, path)
	}
	if !validID.MatchString(wanted.UUID) {
		return fmt.Errorf("%q is no UUID", wanted.UUID)
	}
	err = errors.Join(rootfs.Remove(m.hosts.content(each.ID)), os.MkdirAll(filepath.Join(m.hosts.content(each.ID), "lost+found"), 0o755))
	return errors.Join(err, m.hosts.writeFileSystem(each.ID, fileSystem{wanted.UUID, each.GiB}))
}

func (m *machine) mount(wanted guestapi.VolumeRequest) error {
	each, made, err := m.volume(wanted)
	if err != nil {
		return err
	}
	switch path := m.volumes.paths[each.ID]; {
	case made.UUID == "":
		return fmt.Errorf("%s has no file system", each.Device)
	case path != "":
		return fmt.Errorf("%s is mounted at %s already", each.Device, path)
	}
	path := strings.TrimPrefix(filepath.Clean("/"+wanted.Path), "/")
	root, err := m.tree().Open()
	if err != nil {
		return err
	}
	defer root.Close()
	if info, err := root.Stat(path); err != nil || !info.IsDir() {
		return fmt.Errorf("mount point /%s does not exist", path)
	}
	if err := m.hosts.disks.Mount(m.dir, m.hosts.content(each.ID), path); err != nil {
		return err
	}
	if m.volumes.paths == nil {
		m.volumes.paths = map[string]string{}
	}
	m.volumes.paths[each.ID] = "/" + path
	return nil
}

func (m *machine) unmount(wanted guestapi.VolumeRequest) error {
	for id, path := range m.volumes.paths {
		if path == wanted.Path {
			delete(m.volumes.paths, id)
			return m.hosts.disks.Unmount(m.dir, path)
		}
	}
	return fmt.Errorf("%s: not mounted", wanted.Path)
}

// grow makes a file system as large as its volume.
func (m *machine) grow(wanted guestapi.VolumeRequest) error {
	each, made, err := m.volume(guestapi.VolumeRequest{Device: wanted.Device})
	if err != nil {
		return err
	}
	if made.UUID == "" {
		return fmt.Errorf("%s has no file system", each.Device)
	}
	made.GiB = each.GiB
	return m.hosts.writeFileSystem(each.ID, made)
}

// mountKnown mounts what /etc/fstab says, as a boot does. A volume that is not there is left out.
func (m *machine) mountKnown() error {
	table, err := os.ReadFile(filepath.Join(m.tree().Dir, "etc/fstab"))
	if err != nil {
		return err
	}
	m.volumes.mu.Lock()
	defer m.volumes.mu.Unlock()
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || !strings.HasPrefix(fields[0], "UUID=") {
			continue
		}
		wanted := guestapi.VolumeRequest{UUID: strings.TrimPrefix(fields[0], "UUID="), Path: fields[1]}
		if _, _, err := m.volume(wanted); err != nil {
			continue
		}
		if err := m.mount(wanted); err != nil {
			m.hosts.log.Warn("volume not mounted", "machine", m.Name(), "path", fields[1], "error", err)
		}
	}
	return nil
}

// detachVolumes unmounts those that are attached no longer.
func (m *machine) detachVolumes() error {
	attached := m.state.Get().Machine.Volumes
	return m.release(func(id string) bool {
		return !slices.ContainsFunc(attached, func(v emulator.Volume) bool { return v.ID == id })
	})
}

func (m *machine) unmountVolumes() error { return m.release(func(string) bool { return true }) }

func (m *machine) release(which func(id string) bool) error {
	m.volumes.mu.Lock()
	defer m.volumes.mu.Unlock()
	var errs []error
	for id, path := range m.volumes.paths {
		if which(id) {
			errs = append(errs, m.hosts.disks.Unmount(m.dir, path))
			delete(m.volumes.paths, id)
		}
	}
	return errors.Join(errs...)
}
