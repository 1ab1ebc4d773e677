package systemd

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/anmitsu/go-shlex"
	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
	"github.com/iransre/exchange-platform/sandbox/hosts/rootfs"
)

// unitFiles is where a machine's own unit files lie. Those of this machine under /usr/lib are not the machine's.
const unitFiles = "etc/systemd/system"

func ensureDir(dir string) error { return os.MkdirAll(dir, 0o755) }

func (m *Manager) filePath(name string) string {
	return filepath.Join(m.machine.Tree.Dir, unitFiles, name)
}

// wantsLink is what enable makes. A real one lies where the unit's [Install] section says, which for these two kinds is here.
func (m *Manager) wantsLink(name string) string {
	target := "multi-user.target.wants"
	if isTimer(name) {
		target = "timers.target.wants"
	}
	return filepath.Join(m.machine.Tree.Dir, unitFiles, target, name)
}

func (m *Manager) fileExists(name string) bool {
	info, err := os.Lstat(m.filePath(name))
	return err == nil && info.Mode().IsRegular()
}

func (m *Manager) fileNames() []string {
	entries, err := os.ReadDir(filepath.Join(m.machine.Tree.Dir, unitFiles))
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		if entry.Type().IsRegular() && (strings.HasSuffix(entry.Name(), ".service") || isTimer(entry.Name())) {
			names = append(names, entry.Name())
		}
	}
	return names
}

func (m *Manager) fileState(name string) string {
	if !m.fileExists(name) {
		return ""
	}
	if _, err := os.Lstat(m.wantsLink(name)); err == nil {
		return "enabled"
	}
	return "disabled"
}

// enable makes a service start at boot.
func (m *Manager) enable(name string) error {
	name = unitName(name)
	if m.show(name).LoadState == "not-found" {
		return fmt.Errorf("unit file %s does not exist: %w", name, errNoUnit)
	}
	if !m.fileExists(name) {
		return nil // an imagined one
	}
	if err := ensureDir(filepath.Dir(m.wantsLink(name))); err != nil {
		return err
	}
	return rootfs.EnsureSymlink("/"+unitFiles+"/"+name, m.wantsLink(name))
}

// disable takes enable back.
func (m *Manager) disable(name string) error {
	name = unitName(name)
	if m.show(name).LoadState == "not-found" {
		return fmt.Errorf("unit file %s does not exist: %w", name, errNoUnit)
	}
	if err := os.Remove(m.wantsLink(name)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// unsupported are properties whose absence would change what a service does; others, such as limits, are accepted and have no
// effect. So is Restart=: a service that fails in a rehearsal is better seen than started again.
var unsupported = []string{"ExecStartPre", "ExecStartPost", "ExecStopPost"}

// setting is one line KEY=VALUE of a unit file.
type setting struct{ key, value string }

func (m *Manager) readSettings(name string) ([]setting, error) {
	root, err := m.machine.Tree.Open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	data, err := root.ReadFile(filepath.Join(unitFiles, name))
	if err != nil {
		return nil, fmt.Errorf("unit %s %w", name, errNoUnit)
	}
	var settings []setting
	for line := range strings.Lines(strings.ReplaceAll(string(data), "\\\n", " ")) {
		line = strings.TrimSpace(line)
		key, value, found := strings.Cut(line, "=")
		if !found || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		settings = append(settings, setting{strings.TrimSpace(key), strings.TrimSpace(value)})
	}
	return settings, nil
}

// readUnitFile reads a service's description from its unit file.
func (m *Manager) readUnitFile(name string) (guestapi.UnitSpec, error) {
	spec := guestapi.UnitSpec{Name: name, Properties: map[string]string{}}
	settings, err := m.readSettings(name)
	if err != nil {
		return spec, err
	}
	for _, setting := range settings {
		key, value := setting.key, setting.value
		switch {
		case key == "Description":
			spec.Description = value
		case key == "ExecStart" && len(spec.Command) > 0 && value != "":
			return spec, fmt.Errorf("unit %s: the sandbox knows only one ExecStart= of a service", name)
		case key == "ExecStart":
			if spec.Command, err = shlex.Split(strings.TrimLeft(value, "-@:+!"), true); err != nil {
				return spec, fmt.Errorf("unit %s: ExecStart: %w", name, err)
			}
		case key == "Environment":
			variables, err := shlex.Split(value, true)
			if err != nil {
				return spec, fmt.Errorf("unit %s: Environment: %w", name, err)
			}
			spec.Env = append(spec.Env, variables...)
		case slices.Contains(unsupported, key):
			return spec, fmt.Errorf("unit %s: the sandbox does not know %s=", name, key)
		default:
			spec.Properties[key] = value
		}
	}
	if len(spec.Command) == 0 {
		return spec, fmt.Errorf("unit %s has no ExecStart=", name)
	}
	return spec, nil
}
