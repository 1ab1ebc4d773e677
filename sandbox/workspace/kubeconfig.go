package workspace

import (
	"bytes"
	"errors"
	"io/fs"
	"os"

	"sigs.k8s.io/yaml"
)

// Kubeconfig is the file to which `sandbox env` points.
func (w *Workspace) Kubeconfig() string { return w.Path("kubeconfig") }

// KeepKubeconfig writes the file, if the text leads to the cluster that is there now; otherwise there is none. It tells
// whether there is one. After an `up` that did not end well, the stack may still tell the last cluster's.
func (w *Workspace) KeepKubeconfig(text []byte) (kept bool, err error) {
	present, err := w.present(text)
	if err != nil {
		return false, err
	}
	if present {
		return true, os.WriteFile(w.Kubeconfig(), text, 0o600)
	}
	if err := os.Remove(w.Kubeconfig()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return false, nil
}

// CheckKubeconfig takes the file away if it leads to a cluster that is gone, and tells whether there is one.
func (w *Workspace) CheckKubeconfig() (kept bool, err error) {
	text, err := os.ReadFile(w.Kubeconfig())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return w.KeepKubeconfig(text)
}

// ClusterAuthority is the file with the certificate of the cluster's authority: that of the control plane of light machines, or what is
// known of the one that real machines have made.
func (w *Workspace) ClusterAuthority() string {
	if w.Kind() == Real {
		return w.Path("simulation", "ca.crt")
	}
	return w.Path("kubernetes", "pki", "ca.crt")
}

// present tells whether a kubeconfig trusts the certificates of the control plane that is there now: each has its own.
func (w *Workspace) present(text []byte) (bool, error) {
	authority, err := os.ReadFile(w.ClusterAuthority())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var config struct {
		Clusters []struct {
			Cluster struct {
				Authority []byte `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
	}
	if yaml.Unmarshal(text, &config) != nil {
		return false, nil
	}
	for _, each := range config.Clusters {
		if bytes.Equal(bytes.TrimSpace(each.Cluster.Authority), bytes.TrimSpace(authority)) {
			return true, nil
		}
	}
	return false, nil
}
