package systemd

import (
	"slices"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// imagined are services that a real machine has and a machine of the sandbox only says it has.
var imagined = []string{
	"containerd.service", "cron.service", "chrony.service", "rsyslog.service", "ssh.service", "sshd.service", "systemd-networkd.service",
	"systemd-resolved.service", "systemd-timesyncd.service", "systemd-journald.service", "unattended-upgrades.service", "apparmor.service",
}

// kubelet is imagined too, once kubeadm made a node of the machine.
const kubelet = "kubelet.service"

func (m *Manager) describeImagined(name string) guestapi.Unit {
	unit := guestapi.Unit{
		Name: name, Description: name + " (said to run by the sandbox)", LoadState: "loaded", UnitFileState: "enabled",
		ActiveState: "active", SubState: "running", Result: "success",
	}
	if active, known := m.toggled[name]; known && !active {
		unit.ActiveState, unit.SubState = "inactive", "dead"
	}
	return unit
}

func (m *Manager) imaginedLocked(name string) bool {
	if m.fileExists(name) {
		return false
	}
	return slices.Contains(imagined, name) || name == kubelet && m.machine.IsNode()
}
