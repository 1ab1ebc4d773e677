// Package guestapi is what the stand-ins inside a virtual machine and the daemon outside say to each other: JSON over
// HTTP on a unix socket of the machine's own, so that the daemon knows who asks.
package guestapi

import "time"

// Socket is where the daemon listens, as seen inside the machine.
const Socket = "/run/sandbox/guest.sock"

// Binary is where the multi-call binary of stand-ins lies inside the machine.
const Binary = "/usr/local/bin/guest"

// Paths of the API. A unit's name is appended to Units as one path element.
const (
	Units     = "/v1/units/"
	CloudInit = "/v1/cloud-init"
	Hostname  = "/v1/hostname"
	Power     = "/v1/power/" // + reboot | poweroff
	Kubeadm   = "/v1/kubeadm/"
	EtcdKeys  = "/v1/etcd-keys"
	Dial      = "/v1/dial"
	Volumes   = "/v1/volumes/" // + format | mount | unmount | grow
)

// Error is the body of every answer that is not a success.
type Error struct {
	Message string `json:"error"`
}

// UnitSpec is a service to run: what systemd-run is given, or what a unit file says.
type UnitSpec struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Command     []string `json:"command"`
	Env         []string `json:"env,omitempty"`
	// Properties are systemd's, by their unit-file names; a repeated Environment= is in Env instead.
	Properties map[string]string `json:"properties,omitempty"`
	// Collect forgets the unit when it ends, failed or not.
	Collect bool `json:"collect,omitempty"`
}

// Unit is the state of a service in systemd's words.
type Unit struct {
	Name           string    `json:"name"`
	Description    string    `json:"description"`
	LoadState      string    `json:"loadState"`
	ActiveState    string    `json:"activeState"`
	SubState       string    `json:"subState"`
	UnitFileState  string    `json:"unitFileState"`
	Result         string    `json:"result"`
	ExecMainCode   int       `json:"execMainCode"`   // 1 exited, 2 killed
	ExecMainStatus int       `json:"execMainStatus"` // exit status, or the signal
	MainPID        int       `json:"mainPID"`
	Started        time.Time `json:"started,omitzero"`
	Exited         time.Time `json:"exited,omitzero"`
	// Timer is set for timers only.
	Timer *Timer `json:"timer,omitempty"`
}

// Timer is what a timer does, and when.
type Timer struct {
	Activates string   `json:"activates"`
	Schedule  []string `json:"schedule"` // OnCalendar=…
	// Next is when it elapses; zero if it never does.
	Next time.Time `json:"next,omitzero"`
	// Last is when the service was last started, by whatever means.
	Last time.Time `json:"last,omitzero"`
}

// CloudInitStatus is how far the machine's user data got: "running", "done" or "error".
type CloudInitStatus struct {
	Status string   `json:"status"`
	Errors []string `json:"errors,omitempty"`
}

// Volume is a volume of the cloud's that is attached to the machine.
type Volume struct {
	Device string `json:"device"` // /dev/vdb
	GiB    int    `json:"gib"`
	// Number is the device's, as major:minor.
	Number string `json:"number"`
	// UUID is its file system's; empty if it has none.
	UUID string `json:"uuid,omitempty"`
	// Path is where it is mounted; empty if it is not.
	Path string `json:"path,omitempty"`
}

// VolumeRequest is what is to be done with a volume: by its device, or by the UUID of its file system.
type VolumeRequest struct {
	Device string `json:"device,omitempty"`
	UUID   string `json:"uuid,omitempty"`
	Path   string `json:"path,omitempty"`
}

// HostnameRequest renames the machine.
type HostnameRequest struct {
	Name string `json:"name"`
}

// KubeadmRequest is what `kubeadm init` and `kubeadm join` were asked for.
type KubeadmRequest struct {
	NodeName         string            `json:"nodeName"`
	AdvertiseAddress string            `json:"advertiseAddress"`
	ExternalAddress  string            `json:"externalAddress"`
	ControlPlane     bool              `json:"controlPlane"`
	CertSANs         []string          `json:"certSANs,omitempty"`
	Labels           map[string]string `json:"labels,omitempty"`
	Taints           []string          `json:"taints,omitempty"`
	Version          string            `json:"version"`
}

// UpgradeRequest is what `kubeadm upgrade apply` and `kubeadm upgrade node` were asked for.
type UpgradeRequest struct {
	Version string `json:"version"` // empty for that of the cluster
}

// EtcdAnswer is what a member of etcd has to know besides its keys, which were written to their places.
type EtcdAnswer struct {
	Endpoint string `json:"endpoint"` // of the one etcd there is
}
