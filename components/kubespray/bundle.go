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
	"gopkg.in/yaml.v3"

	"github.com/iransre/exchange-platform/components/kubespray/plan"
)

// runner is the program that applies a bundle on the runner host, and what it brings to etcd's members. Its tests stay at home.
//
//go:embed runner/__main__.py runner/cluster_runner/*.py runner/callback_plugins/*.py runner/playbooks/*.yml
//go:embed runner/etcd_members/*.py runner/etcd_members/*.yml
var runner embed.FS

// file is one file of the bundle.
type file struct {
	path string
	data []byte
}

// toolchainFile is toolchain.json, as the runner reads it.
type toolchainFile struct {
	Archive      string  `json:"archive"`
	SHA256       string  `json:"sha256"`
	Ansible      Ansible `json:"ansible"`
	PackageIndex string  `json:"packageIndex"`
}

// rendered is what is uploaded, but for what is secret.
type rendered struct {
	shape *plan.Shape
	files []file
}

// resolved is what is only known once machines, keys and names exist.
type resolved struct {
	addresses []address
	names     []string
	endpoint  string
	backup    credentials
}

// render turns the arguments and what is known of the machines into the bundle's files.
func (args *Args) render(known resolved) (*rendered, error) {
	nodes := args.shapeNodes(known.addresses)
	hosts, err := inventory(nodes)
	if err != nil {
		return nil, err
	}
	all, err := args.variables()
	if err != nil {
		return nil, err
	}
	cluster, err := args.clusterVariables(args.certificateNames(known.names, known.endpoint, known.addresses))
	if err != nil {
		return nil, err
	}
	files := []file{
		{"inventory/hosts.yaml", hosts},
		{"inventory/group_vars/all/all.yml", all},
		{"inventory/group_vars/k8s_cluster/k8s-cluster.yml", cluster},
	}
	shape, err := args.shape(nodes, known.backup, all, cluster)
	if err != nil {
		return nil, err
	}
	wanted, err := indented(shape)
	if err != nil {
		return nil, err
	}
	toolchain, err := indented(toolchainFile(args.Toolchain))
	if err != nil {
		return nil, err
	}
	files = append(files,
		file{"wanted.json", wanted},
		file{"toolchain.json", toolchain},
		file{"known_hosts", knownHosts(nodes)},
	)
	err = fs.WalkDir(runner, "runner", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := runner.ReadFile(path)
		files = append(files, file{path, data})
		return err
	})
	return &rendered{shape: shape, files: files}, err
}

// shapeNodes are the nodes with a role; addresses may be nil where nothing is known of the machines.
func (args *Args) shapeNodes(addresses []address) []plan.Node {
	var nodes []plan.Node
	for i, node := range args.Nodes {
		if !node.hasRole() {
			continue
		}
		var known address
		if addresses != nil {
			known = addresses[i]
		}
		nodes = append(nodes, plan.Node{
			Name: node.Name, ControlPlane: node.ControlPlane, Etcd: node.Etcd, Worker: node.Worker,
			Address: known.private, Port: args.Access.Port, User: args.Access.User,
			HostKey: known.hostKey, Machine: known.machine, Image: known.image,
			Labels: node.Labels, Taints: node.Taints,
		})
	}
	return nodes
}

// shape is what the rendered files make of the cluster.
func (args *Args) shape(nodes []plan.Node, backup credentials, groupVars ...[]byte) (*plan.Shape, error) {
	shape := &plan.Shape{
		Cluster: args.Cluster, Kubernetes: args.KubernetesVersion, Kubespray: args.KubesprayVersion,
		Nodes: nodes, Variables: map[string]string{},
	}
	for _, text := range groupVars {
		var values map[string]any
		if err := yaml.Unmarshal(text, &values); err != nil {
			return nil, err
		}
		// The version is compared by itself.
		delete(values, "kube_version")
		for name, value := range values {
			data, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			shape.Variables[name] = string(data)
		}
	}
	if args.EtcdBackup != nil {
		settings, err := args.EtcdBackup.settings(backup)
		if err != nil {
			return nil, err
		}
		shape.Variables["etcd_backup"] = settings
	}
	unhashed, err := json.Marshal(shape)
	shape.Hash = digest([]file{{"shape", unhashed}})
	return shape, err
}

// knownHosts pins every node's host key for the address Ansible uses.
func knownHosts(nodes []plan.Node) []byte {
	var text bytes.Buffer
	for _, node := range nodes {
		host := node.Address
		if node.Port != 22 {
			host = "[" + host + "]:" + strconv.Itoa(node.Port)
		}
		// The comment of a public key is not part of what is pinned.
		key := strings.Fields(node.HostKey)
		fmt.Fprintln(&text, host, strings.Join(key[:min(len(key), 2)], " "))
	}
	return text.Bytes()
}

// bundle holds, as outputs, what the remote steps need of the rendered files.
type bundle struct {
	// wanted is the hash of what is wanted of the cluster; digest covers every file including the key.
	wanted, digest pulumi.StringOutput
	// shape is what is wanted of the cluster, as JSON.
	shape pulumi.StringOutput
	// archive is a tar archive in base64, secret because of the key in it.
	archive pulumi.StringOutput
}

func (args *Args) bundle() *bundle {
	inputs := []any{args.Access.PrivateKey, args.CertificateNames.ToStringArrayOutput(), args.host()}
	if args.EtcdBackup != nil {
		inputs = append(inputs, args.EtcdBackup.AccessKey, args.EtcdBackup.SecretKey)
	} else {
		inputs = append(inputs, pulumi.String(""), pulumi.String(""))
	}
	for _, node := range args.Nodes {
		inputs = append(inputs, node.PrivateAddress, orEmpty(node.PublicAddress), node.HostKey, orEmpty(node.Machine), orEmpty(node.Image))
	}
	all := pulumi.All(inputs...)
	keys := func(values []any) credentials { return credentials{values[3].(string), values[4].(string)} }
	render := func(values []any) (*rendered, error) {
		known := resolved{names: values[1].([]string), endpoint: values[2].(string), backup: keys(values)}
		for v := values[5:]; len(v) > 0; v = v[5:] {
			known.addresses = append(known.addresses, address{v[0].(string), v[1].(string), v[2].(string), v[3].(string), v[4].(string)})
		}
		return args.render(known)
	}
	withKey := func(values []any) ([]file, error) {
		rendered, err := render(values)
		if err != nil {
			return nil, err
		}
		key := strings.TrimRight(values[0].(string), "\n") + "\n"
		files := append(rendered.files, file{"ssh_key", []byte(key)})
		if args.EtcdBackup == nil {
			return files, nil
		}
		backup, err := args.EtcdBackup.secrets(keys(values))
		return append(files, file{"backup.json", backup}), err
	}
	text := func(apply func(values []any) (string, error)) pulumi.StringOutput {
		return all.ApplyT(apply).(pulumi.StringOutput)
	}
	return &bundle{
		// Neither hash says anything of the key: one does not contain it, the other is a digest of something unguessable.
		wanted: pulumi.Unsecret(text(func(values []any) (string, error) {
			rendered, err := render(values)
			if err != nil {
				return "", err
			}
			return rendered.shape.Hash, nil
		})).(pulumi.StringOutput),
		// Nothing in it is secret; the key only passed by.
		shape: pulumi.Unsecret(text(func(values []any) (string, error) {
			rendered, err := render(values)
			if err != nil {
				return "", err
			}
			shape, err := json.Marshal(rendered.shape)
			return string(shape), err
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

// orEmpty is an input that may be left out.
func orEmpty(input pulumi.StringInput) pulumi.StringInput {
	if input == nil {
		return pulumi.String("")
	}
	return input
}

// host is where the API is reached at from outside.
func (args *Args) host() pulumi.StringInput {
	if args.Endpoint != nil {
		return args.Endpoint
	}
	for _, node := range args.Nodes {
		if node.ControlPlane {
			return node.reachedAt()
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
