package kubespray

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// runner is the program that applies a bundle on the runner host.
//
//go:embed runner/*.py runner/callbacks/*.py
var runner embed.FS

// file is one file of the bundle.
type file struct {
	path string
	data []byte
}

// plan.json and toolchain.json, as the runner reads them.
type (
	planFile struct {
		Cluster    string     `json:"cluster"`
		Kubernetes string     `json:"kubernetes"`
		Kubespray  string     `json:"kubespray"`
		Nodes      []planNode `json:"nodes"`
		// Variables is a digest of group_vars: what concerns more than single nodes.
		Variables string `json:"variables"`
		// Hash stands for everything above and for the inventory with its variables: the same hash, nothing to do.
		Hash string `json:"hash"`
	}
	planNode struct {
		Name         string `json:"name"`
		ControlPlane bool   `json:"controlPlane"`
		Etcd         bool   `json:"etcd"`
		Worker       bool   `json:"worker"`
		Address      string `json:"address"`
		Port         int    `json:"port"`
		User         string `json:"user"`
		HostKey      string `json:"hostKey"`
		Machine      string `json:"machine"`

		Labels map[string]string `json:"labels,omitempty"`
		Taints []string          `json:"taints,omitempty"`
	}
	toolchainFile struct {
		Archive      string  `json:"archive"`
		SHA256       string  `json:"sha256"`
		Ansible      Ansible `json:"ansible"`
		PackageIndex string  `json:"packageIndex"`
	}
)

// rendered is what is uploaded, but for the SSH key.
type rendered struct {
	hash  string
	files []file
}

// render turns the arguments and what is known of the machines into the bundle's files.
func (args *Args) render(addresses []address, names []string, endpoint string) (*rendered, error) {
	inventory, err := args.inventory(addresses)
	if err != nil {
		return nil, err
	}
	all, err := args.variables()
	if err != nil {
		return nil, err
	}
	cluster, err := args.clusterVariables(args.certificateNames(names, endpoint, addresses))
	if err != nil {
		return nil, err
	}
	files := []file{
		{"inventory/hosts.yaml", inventory},
		{"inventory/group_vars/all/all.yml", all},
		{"inventory/group_vars/k8s_cluster/k8s-cluster.yml", cluster},
	}

	plan := args.plan(addresses)
	plan.Variables = digest(files[1:])
	unhashed, err := json.Marshal(plan)
	if err != nil {
		return nil, err
	}
	plan.Hash = digest(append([]file{{"plan.json", unhashed}}, files...))
	planJSON, err := indented(plan)
	if err != nil {
		return nil, err
	}
	toolchainJSON, err := indented(toolchainFile(args.Toolchain))
	if err != nil {
		return nil, err
	}
	files = append(files,
		file{"plan.json", planJSON},
		file{"toolchain.json", toolchainJSON},
		file{"known_hosts", args.knownHosts(addresses)},
	)
	err = fs.WalkDir(runner, "runner", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := runner.ReadFile(path)
		files = append(files, file{path, data})
		return err
	})
	return &rendered{hash: plan.Hash, files: files}, err
}

func (args *Args) plan(addresses []address) planFile {
	plan := planFile{Cluster: args.Cluster, Kubernetes: args.KubernetesVersion, Kubespray: args.KubesprayVersion}
	for i, node := range args.Nodes {
		if !node.hasRole() {
			continue
		}
		plan.Nodes = append(plan.Nodes, planNode{
			Name: node.Name, ControlPlane: node.ControlPlane, Etcd: node.Etcd, Worker: node.Worker,
			Address: addresses[i].private, Port: args.Access.Port, User: args.Access.User,
			HostKey: addresses[i].hostKey, Machine: addresses[i].machine,
			Labels: node.Labels, Taints: node.Taints,
		})
	}
	return plan
}

// knownHosts pins every node's host key for the addresses Ansible uses.
func (args *Args) knownHosts(addresses []address) []byte {
	var text bytes.Buffer
	for _, known := range addresses {
		host := known.private
		if args.Access.Port != 22 {
			host = "[" + host + "]:" + strconv.Itoa(args.Access.Port)
		}
		// The comment of a public key is not part of what is pinned.
		key := strings.Fields(known.hostKey)
		fmt.Fprintln(&text, host, strings.Join(key[:min(len(key), 2)], " "))
	}
	return text.Bytes()
}

// bundle holds, as outputs, what the remote steps need of the rendered files.
type bundle struct {
	// plan is the hash of what is wanted of the cluster; digest covers every file including the key.
	plan, digest pulumi.StringOutput
	// archive is a tar archive in base64, secret because of the key in it.
	archive pulumi.StringOutput
}

func (args *Args) bundle() *bundle {
	inputs := []any{args.Access.PrivateKey, args.CertificateNames.ToStringArrayOutput(), args.host()}
	for _, node := range args.Nodes {
		machine := node.Machine
		if machine == nil {
			machine = pulumi.String("")
		}
		inputs = append(inputs, node.PrivateAddress, node.PublicAddress, node.HostKey, machine)
	}
	resolved := pulumi.All(inputs...)
	render := func(values []any) (*rendered, error) {
		var addresses []address
		for v := values[3:]; len(v) > 0; v = v[4:] {
			addresses = append(addresses, address{v[0].(string), v[1].(string), v[2].(string), v[3].(string)})
		}
		return args.render(addresses, values[1].([]string), values[2].(string))
	}
	withKey := func(values []any) ([]file, error) {
		rendered, err := render(values)
		if err != nil {
			return nil, err
		}
		key := strings.TrimRight(values[0].(string), "\n") + "\n"
		return append(rendered.files, file{"ssh_key", []byte(key)}), nil
	}
	text := func(apply func(values []any) (string, error)) pulumi.StringOutput {
		return resolved.ApplyT(apply).(pulumi.StringOutput)
	}
	return &bundle{
		// Neither hash says anything of the key: one does not contain it, the other is a digest of something unguessable.
		plan: pulumi.Unsecret(text(func(values []any) (string, error) {
			rendered, err := render(values)
			if err != nil {
				return "", err
			}
			return rendered.hash, nil
		})).(pulumi.StringOutput),
		digest: pulumi.Unsecret(text(func(values []any) (string, error) {
			files, err := withKey(values)
			return digest(files), err
		})).(pulumi.StringOutput),
		archive: pulumi.ToSecret(text(func(values []any) (string, error) {
			files, err := withKey(values)
			if err != nil {
				return "", err
			}
			return archive(files)
		})).(pulumi.StringOutput),
	}
}

// host is where the API is reached at from outside.
func (args *Args) host() pulumi.StringInput {
	if args.Endpoint != nil {
		return args.Endpoint
	}
	for _, node := range args.Nodes {
		if node.ControlPlane {
			return node.PublicAddress
		}
	}
	return nil
}

func (args *Args) endpoint() pulumi.StringOutput {
	return args.host().ToStringOutput().ApplyT(func(host string) string {
		return "https://" + net.JoinHostPort(host, "6443")
	}).(pulumi.StringOutput)
}

// archive packs files so that equal files give equal text: a change of it is a change of a resource.
func archive(files []file) (string, error) {
	var packed bytes.Buffer
	writer := tar.NewWriter(&packed)
	for _, f := range files {
		header := &tar.Header{Name: f.path, Mode: 0o600, Size: int64(len(f.data)), Format: tar.FormatUSTAR}
		if err := writer.WriteHeader(header); err != nil {
			return "", fmt.Errorf("pack %s: %w", f.path, err)
		}
		if _, err := writer.Write(f.data); err != nil {
			return "", fmt.Errorf("pack %s: %w", f.path, err)
		}
	}
	if err := writer.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(packed.Bytes()), nil
}

// digest is the SHA-256 of the files' paths and contents.
func digest(files []file) string {
	sum := sha256.New()
	for _, f := range files {
		fmt.Fprintf(sum, "%s\x00%d\x00", f.path, len(f.data))
		sum.Write(f.data)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func indented(value any) ([]byte, error) {
	data, err := json.MarshalIndent(value, "", "  ")
	return append(data, '\n'), err
}
