package kubespray

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

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

// render turns the arguments and what is known of the machines into the bundle's files.
func (args *Args) render(known resolved) (*rendered, error) {
	groups := args.groupVariables(known)
	shape, err := args.shape(known, groups)
	if err != nil {
		return nil, err
	}
	var files []file
	add := func(path string, render func() ([]byte, error)) {
		data, failed := render()
		err = errors.Join(err, failed)
		files = append(files, file{path, data})
	}
	add("inventory/hosts.yaml", func() ([]byte, error) { return inventory(shape.Nodes) })
	add("inventory/group_vars/all/all.yml", func() ([]byte, error) { return document(groups.all) })
	add("inventory/group_vars/k8s_cluster/k8s-cluster.yml", func() ([]byte, error) { return document(groups.cluster) })
	add("wanted.json", func() ([]byte, error) { return indented(shape) })
	add("toolchain.json", func() ([]byte, error) {
		return indented(toolchainFile{
			Archive: args.Kubespray.Archive, SHA256: args.Kubespray.SHA256,
			Ansible: args.Kubespray.Ansible, PackageIndex: args.Kubespray.PackageIndex,
		})
	})
	add("known_hosts", func() ([]byte, error) { return knownHosts(shape.Nodes), nil })
	walked := fs.WalkDir(runner, "runner", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			add(path, func() ([]byte, error) { return runner.ReadFile(path) })
		}
		return err
	})
	return &rendered{shape: shape, files: files}, errors.Join(err, walked)
}

// bundle holds, as outputs, what the remote steps need of the rendered files.
type bundle struct {
	// wanted is the hash of what is wanted of the cluster, shape that itself, as JSON.
	wanted, shape pulumi.StringOutput
	// archive is a tar archive in base64, secret because of the key in it.
	archive pulumi.StringOutput
}

func (args *Args) bundle() *bundle {
	machines := pulumi.StringMapMap{}
	for _, node := range args.Nodes {
		machines[node.Name] = node.facts()
	}
	inputs := pulumi.Map{
		"machines": machines, "names": args.CertificateNames, "endpoint": args.host(),
		"key": args.SSH.PrivateKey, "accessKey": pulumi.String(""), "secretKey": pulumi.String(""),
	}
	if backup := args.EtcdBackup; backup.Enabled {
		// secret from here on, however they were set
		inputs["accessKey"] = pulumi.ToSecret(pulumi.String(backup.AccessKey))
		inputs["secretKey"] = pulumi.ToSecret(pulumi.String(backup.SecretKey))
	}
	type packed struct{ wanted, shape, archive string }
	packing := inputs.ToMapOutput().ApplyT(func(values map[string]any) (packed, error) {
		logins, err := args.RegistryLogins.secrets()
		if err != nil {
			return packed{}, err
		}
		text := func(name string) string { return values[name].(string) }
		known := resolved{
			nodes: args.resolveAll(values["machines"].(map[string]map[string]string)),
			names: values["names"].([]string), endpoint: text("endpoint"),
			backup: credentials{text("accessKey"), text("secretKey")},
			logins: sealed(text("key"), logins),
		}
		rendered, err := args.render(known)
		if err != nil {
			return packed{}, err
		}
		shape, err := json.Marshal(rendered.shape)
		if err != nil {
			return packed{}, err
		}
		files, err := args.withSecrets(append(rendered.files, logins...), text("key"), known.backup)
		if err != nil {
			return packed{}, err
		}
		archive, err := archive(files)
		return packed{rendered.shape.Hash, string(shape), archive}, err
	})
	part := func(of func(packed) string) pulumi.StringOutput {
		return packing.ApplyT(func(all any) string { return of(all.(packed)) }).(pulumi.StringOutput)
	}
	return &bundle{
		// Nothing in the shape is secret; the keys only passed by.
		wanted:  pulumi.Unsecret(part(func(p packed) string { return p.wanted })).(pulumi.StringOutput),
		shape:   pulumi.Unsecret(part(func(p packed) string { return p.shape })).(pulumi.StringOutput),
		archive: pulumi.ToSecret(part(func(p packed) string { return p.archive })).(pulumi.StringOutput),
	}
}

// withSecrets adds the files that hold keys.
func (args *Args) withSecrets(files []file, key string, backup credentials) ([]file, error) {
	files = append(files, file{"ssh_key", []byte(strings.TrimRight(key, "\n") + "\n")})
	if !args.EtcdBackup.Enabled {
		return files, nil
	}
	secrets, err := args.EtcdBackup.secrets(backup)
	return append(files, file{"backup.json", secrets}), err
}

// host is where the API is reached at from outside.
func (args *Args) host() pulumi.StringInput {
	if args.Endpoint != nil {
		return args.Endpoint
	}
	for _, node := range args.Nodes {
		if node.ControlPlane {
			return args.machine(node).Host
		}
	}
	return nil
}

func (args *Args) endpoint() pulumi.StringOutput {
	return args.host().ToStringOutput().ApplyT(func(host string) string {
		return "https://" + net.JoinHostPort(host, strconv.Itoa(apiPort))
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
