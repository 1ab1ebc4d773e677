package kubespray

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
	"sigs.k8s.io/yaml"
)

func TestArchiveIsOneFolderWithTheEntryPoints(t *testing.T) {
	packed, err := Archive(Newest, Machines{})
	assert.NilError(t, err)
	again, err := Archive(Newest, Machines{})
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
		"ansible.cfg", "requirements.txt", versions,
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

// play runs a playbook of a release with the real Ansible. Nothing here gets as far as a host.
func play(t *testing.T, tag, inventory string, arguments ...string) (output string, err error) {
	t.Helper()
	return playOn(t, Machines{}, tag, inventory, arguments...)
}

// playOn is play with the tree for these machines.
func playOn(t *testing.T, machines Machines, tag, inventory string, arguments ...string) (output string, err error) {
	t.Helper()
	if _, err := exec.LookPath("ansible-playbook"); err != nil {
		t.Skip("ansible-playbook is not installed: ./scripts/setup installs it")
	}
	folder := t.TempDir()
	content, err := release(tag, machines)
	assert.NilError(t, err)
	for path, file := range content {
		path = filepath.Join(folder, path)
		assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		assert.NilError(t, os.WriteFile(path, file.data, 0o600))
	}
	hosts := filepath.Join(t.TempDir(), "hosts.yaml")
	assert.NilError(t, os.WriteFile(hosts, []byte(inventory), 0o600))
	command := exec.Command("ansible-playbook", append([]string{"-i", hosts}, arguments...)...)
	command.Dir = folder
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "ANSIBLE_NOCOLOR=1", "ANSIBLE_CACHE_PLUGIN_CONNECTION="+t.TempDir())
	out, err := command.CombinedOutput()
	return string(out), err
}

func limited(arguments ...string) []string {
	return append([]string{validation, "--limit", "m1"}, arguments...)
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"version with v":         {limited("-e", "kube_version=v1.35.4"), "without a leading"},
		"version too old":        {limited("-e", "kube_version=1.32.0"), "only supports versions of Kubernetes from 1.33.0 on"},
		"minor too new":          {limited("-e", "kube_version=1.36.0"), "Kubernetes v1.36.0 is not supported"},
		"patch too new":          {limited("-e", "kube_version=1.34.8"), "Kubernetes v1.34.8 is not supported"},
		"boolean as text":        {limited("-e", "download_run_once=true"), "A boolean was given as text"},
		"unknown network plugin": {limited("-e", "kube_network_plugin=weave"), "The selected choice is not supported"},
		"unknown proxy mode":     {limited("-e", "kube_proxy_mode=userspace"), "The selected choice is not supported"},
		"removed variable":       {limited("-e", "kubelet_static_pod_path=/x"), "Removed variables present: kubelet_static_pod_path"},
		"no range of addresses":  {limited("-e", "kube_pods_subnet=10.64.0.1/16"), "kube_pods_subnet = '10.64.0.1/16' is not a valid network range"},
		"pods among services":    {limited("-e", "kube_pods_subnet=10.233.1.0/24"), "kube_pods_subnet cannot be the same network segment"},
		"more pods than room":    {limited("-e", "kube_network_plugin=cilium", "-e", "kube_network_node_prefix=26"), "Do not schedule more pods on a node"},
		"more nodes than room":   {[]string{validation, "-e", "kube_network_plugin=cilium", "-e", "kube_pods_subnet=10.64.0.0/24"}, "Not enough ipv4 IPs"},
		"host name":              {[]string{validation}, "Hostname must consist of lower case"},
		"no node to remove":      {[]string{"remove-node.yml"}, "No nodes specified for removal"},
		"reset not confirmed":    {[]string{"reset.yml", "--limit", "m1", "-e", "reset_confirmation=no"}, "Reset confirmation failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := play(t, Newest, inventory, test.arguments...)
			assert.Assert(t, err != nil, out)
			assert.Assert(t, is.Contains(out, test.want))
		})
	}
	t.Run("even etcd", func(t *testing.T) {
		t.Parallel()
		out, err := play(t, Newest, strings.Replace(inventory, "etcd: {hosts: {m1: {}}}", "etcd: {hosts: {m1: {}, m2: {}}}", 1), validation)
		assert.Assert(t, err != nil, out)
		assert.Assert(t, is.Contains(out, "must be odd, it is 2"))
	})
}

func TestGoodInventoryPasses(t *testing.T) {
	out, err := play(t, Newest, inventory, validation, "--limit", "m1,w2")
	assert.NilError(t, err, out)
}

func TestTheReleaseBeforeIsBehindByOneMinor(t *testing.T) {
	out, err := play(t, "v2.30.0", inventory, limited()...)
	assert.NilError(t, err, out)
	out, err = play(t, "v2.30.0", inventory, limited("-e", "kube_version=1.35.0")...)
	assert.Assert(t, err != nil, out)
	assert.Assert(t, is.Contains(out, "Kubernetes v1.35.0 is not supported"))
}

// carried is what the program says a release carries: the newest patch of each minor, by tag. It is read from the source,
// because the package itself would bring the program's whole SDK into this module.
func carried(t *testing.T) map[string]map[string]int {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", "components", "kubespray", "versions.go"))
	assert.NilError(t, err)
	found := map[string]map[string]int{}
	for _, line := range regexp.MustCompile(`(?m)^\t"(v[0-9.]+)": \{(.*)\},$`).FindAllStringSubmatch(string(source), -1) {
		found[line[1]] = map[string]int{}
		for _, minor := range regexp.MustCompile(`(\d+): (\d+)`).FindAllStringSubmatch(line[2], -1) {
			found[line[1]]["1."+minor[1]], err = strconv.Atoi(minor[2])
			assert.NilError(t, err)
		}
	}
	return found
}

// The trees and the program say each for itself what a release carries.
func TestEveryReleaseTheProgramKnowsHasAnArchiveThatCarriesTheSame(t *testing.T) {
	known := carried(t)
	assert.DeepEqual(t, Releases(), slices.Sorted(maps.Keys(known)))
	assert.Equal(t, Releases()[len(Releases())-1], Newest)
	for tag, minors := range known {
		content, err := release(tag, Machines{})
		assert.NilError(t, err)
		var own struct {
			Newest  string         `json:"kube_version"`
			Patches map[string]int `json:"kube_newest_patches"`
		}
		assert.NilError(t, yaml.Unmarshal(content[versions].data, &own))
		assert.DeepEqual(t, own.Patches, minors)
		minor := slices.Max(slices.Collect(maps.Keys(minors)))
		assert.Equal(t, own.Newest, fmt.Sprintf("%s.%d", minor, minors[minor]))
	}
	_, err := Archive("v1.0.0", Machines{})
	assert.ErrorContains(t, err, `no Kubespray "v1.0.0", it has v2.28.1`)
}

// A login that a mirror's header only names is taken from a file, and ends where root alone reads it.
func TestLoginsOfMirrors(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		assert.NilError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	all := write("all.yml", `
containerd_registries_mirrors:
  - prefix: docker.io
    mirrors:
      - {host: "https://mirror.example", capabilities: [pull], header: {Authorization: "{{ registry_logins['mirror.example'] }}"}}
  - prefix: quay.io
    mirrors: [{host: "https://open.example", capabilities: [pull]}]
`)
	logins := write("registry_logins.json", `{"registry_logins": {"mirror.example": "Basic cm9ib3Q6aHVzaA=="}}`)
	playbook := write("playbook.yml", `
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - copy: {content: "{{ lookup('template', source) }}", dest: "`+folder+`/mirrors.sh"}
`)
	template, err := filepath.Abs("tree/roles/container_engine/templates/mirrors.sh.j2")
	assert.NilError(t, err)
	out, err := play(t, Newest, "all: {hosts: {localhost: {}}}", playbook, "-e", "@"+all, "-e", "@"+logins, "-e", "source="+template)
	assert.NilError(t, err, out)
	script, err := os.ReadFile(filepath.Join(folder, "mirrors.sh"))
	assert.NilError(t, err)
	shell := exec.Command("sh", "-s")
	shell.Stdin = strings.NewReader(strings.ReplaceAll(string(script), "/etc/containerd", folder+"/containerd"))
	printed, err := shell.CombinedOutput()
	assert.NilError(t, err, string(printed))
	file := filepath.Join(folder, "containerd/certs.d/docker.io/hosts.toml")
	text, err := os.ReadFile(file)
	assert.NilError(t, err)
	assert.Assert(t, is.Contains(string(text), `  [host."https://mirror.example".header]
    Authorization = ["Basic cm9ib3Q6aHVzaA=="]
`))
	info, err := os.Stat(file)
	assert.NilError(t, err)
	assert.Equal(t, info.Mode().Perm(), os.FileMode(0o640))
	text, err = os.ReadFile(filepath.Join(folder, "containerd/certs.d/quay.io/hosts.toml"))
	assert.NilError(t, err)
	assert.Assert(t, !strings.Contains(string(text), "header"), string(text))
}
