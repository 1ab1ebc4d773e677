package kubespray

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
)

func TestArchiveIsOneFolderWithTheEntryPoints(t *testing.T) {
	packed, err := Archive()
	assert.NilError(t, err)
	again, err := Archive()
	assert.NilError(t, err)
	assert.Assert(t, bytes.Equal(packed, again), "its checksum can be handed out")

	compressed, err := gzip.NewReader(bytes.NewReader(packed))
	assert.NilError(t, err)
	files := map[string]bool{}
	for archive := tar.NewReader(compressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		assert.NilError(t, err)
		files[header.Name] = true
	}
	for _, name := range []string{
		"cluster.yml", "scale.yml", "remove-node.yml", "upgrade-cluster.yml", "reset.yml", "playbooks/facts.yml", "playbooks/boilerplate.yml",
		"ansible.cfg", "requirements.txt",
	} {
		assert.Check(t, files["kubespray/"+name], name)
	}
}

const inventory = `
all:
  hosts:
    m1: {ansible_host: 10.0.0.11, ip: 10.0.0.11}
    m2: {ansible_host: 10.0.0.12, ip: 10.0.0.12}
    W1: {ansible_host: 10.0.0.21, ip: 10.0.0.21}
    w2: {ansible_host: 10.0.0.22, ip: 10.0.0.22}
  children:
    kube_control_plane: {hosts: {m1: {}}}
    etcd: {hosts: {m1: {}}}
    kube_node: {hosts: {w2: {}}}
`

// validation is the part of every playbook that comes before a host is reached.
const validation = "playbooks/boilerplate.yml"

// play runs a playbook of the tree with the real Ansible. Nothing here gets as far as a host.
func play(t *testing.T, inventory string, arguments ...string) (output string, err error) {
	t.Helper()
	t.Parallel()
	if _, err := exec.LookPath("ansible-playbook"); err != nil {
		t.Skip("ansible-playbook is not installed: ./scripts/setup installs it")
	}
	hosts := filepath.Join(t.TempDir(), "hosts.yaml")
	assert.NilError(t, os.WriteFile(hosts, []byte(inventory), 0o600))
	command := exec.Command("ansible-playbook", append([]string{"-i", hosts}, arguments...)...)
	command.Dir = "tree"
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "ANSIBLE_NOCOLOR=1", "ANSIBLE_CACHE_PLUGIN_CONNECTION="+t.TempDir())
	out, err := command.CombinedOutput()
	return string(out), err
}

func TestRefusals(t *testing.T) {
	limited := func(arguments ...string) []string { return append([]string{validation, "--limit", "m1"}, arguments...) }
	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"version with v":         {limited("-e", "kube_version=v1.35.4"), "written without a leading"},
		"version too old":        {limited("-e", "kube_version=1.32.0"), "known are 1.33.0 to 1.35.4"},
		"boolean as text":        {limited("-e", "kubeconfig_localhost=true"), "A boolean was given as text"},
		"unknown network plugin": {limited("-e", "kube_network_plugin=weave"), "weave is not supported"},
		"host name":              {[]string{validation}, "Hostname must consist of lower case"},
		"no node to remove":      {[]string{"remove-node.yml"}, "No nodes specified for removal"},
		"reset not confirmed":    {[]string{"reset.yml", "--limit", "m1", "-e", "reset_confirmation=no"}, "Reset confirmation failed"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := play(t, inventory, test.arguments...)
			assert.Assert(t, err != nil, out)
			assert.Assert(t, is.Contains(out, test.want))
		})
	}
	t.Run("even etcd", func(t *testing.T) {
		out, err := play(t, strings.Replace(inventory, "etcd: {hosts: {m1: {}}}", "etcd: {hosts: {m1: {}, m2: {}}}", 1), validation)
		assert.Assert(t, err != nil, out)
		assert.Assert(t, is.Contains(out, "must be odd, it is 2"))
	})
}

func TestGoodInventoryPasses(t *testing.T) {
	out, err := play(t, inventory, validation, "--limit", "m1,w2")
	assert.NilError(t, err, out)
}
