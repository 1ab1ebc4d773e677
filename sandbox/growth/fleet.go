package growth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/provider/emulator"
	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/hosts/light"
	"github.com/iransre/exchange-platform/sandbox/kubespray"
)

// fleet is the machines, the new worker's among them, and what they need around them.
type fleet struct {
	hosts   *light.Hosts
	cluster *hoststest.Cluster
	key     hoststest.Key
	// machines are the runner, the control planes, the workers in the order of joining.
	machines []machine
	files    *http.Server
	// archive is where the playbooks are, sum their checksum.
	archive, sum string
}

// machine is one machine and its pinned host key.
type machine struct {
	emulator.Machine
	hostKey string
}

func (m machine) private() string { return m.PrivateAddresses[hoststest.Network] }

func (f *fleet) runner() machine            { return f.machines[0] }
func (f *fleet) firstControlPlane() machine { return f.machines[1] }
func (f *fleet) worker() machine            { return f.machines[len(f.machines)-1] }

// newFleet describes the machines: one for Ansible, one for each node, and the new one.
func newFleet(prefix string, nodes int) (*fleet, error) {
	if nodes <= controlPlanes || nodes > mostNodes {
		return nil, fmt.Errorf("%d nodes: it goes with %d to %d", nodes, controlPlanes+1, mostNodes)
	}
	key, err := hoststest.NewKey()
	if err != nil {
		return nil, err
	}
	f := &fleet{cluster: &hoststest.Cluster{}, key: key}
	names := []string{"bastion"}
	for i := range nodes + 1 {
		if i < controlPlanes {
			names = append(names, fmt.Sprintf("m%d", i+1))
		} else {
			names = append(names, fmt.Sprintf("w%d", i+1-controlPlanes))
		}
	}
	for i, name := range names {
		made, err := newMachine(hoststest.Machine(prefix, i+1, name, key))
		if err != nil {
			return nil, err
		}
		f.machines = append(f.machines, made)
	}
	return f, nil
}

// newMachine gives a machine a host key at its first boot, as the platform does.
func newMachine(spec emulator.Machine) (machine, error) {
	key, err := hoststest.NewKey()
	if err != nil {
		return machine{}, err
	}
	config, err := yaml.Marshal(map[string]any{
		"hostname": spec.Name, "ssh_keys": map[string]string{"ed25519_private": string(key.Private), "ed25519_public": key.Authorized},
	})
	spec.UserData = "#cloud-config\n" + string(config)
	return machine{spec, key.Authorized}, err
}

// boot switches the machines on.
func (f *fleet) boot(ctx context.Context, dir, guestBinary string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	kubectl := filepath.Join(dir, "kubectl")
	if err := os.WriteFile(kubectl, f.kubectl(), 0o755); err != nil {
		return err
	}
	var err error
	f.hosts, err = light.New(light.Options{
		Dir: filepath.Join(dir, "hosts"), Port: sshPort, GuestBinary: guestBinary, KubectlBinary: kubectl, Cluster: f.cluster,
	})
	if err != nil {
		return err
	}
	for _, machine := range f.machines {
		if err := f.hosts.Boot(ctx, machine.Machine); err != nil {
			return err
		}
	}
	return nil
}

// serve gives out the playbooks.
func (f *fleet) serve() error {
	archive, err := kubespray.Archive(kubesprayVersion, kubespray.Machines{})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(archive)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	f.archive, f.sum = "http://"+listener.Addr().String()+"/kubespray.tar.gz", hex.EncodeToString(sum[:])
	f.files = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive) })}
	go func() { _ = f.files.Serve(listener) }()
	return nil
}

const kubectlScript = `#!/bin/sh
case "$*" in
*" -f -"*) cat >/dev/null ;;
*"get nodes"*) cat <<'END' ;;
%s
END
esac
`

// kubectl is a program that answers for an API server to which every node is ready. Nothing else is asked that decides
// what Ansible does.
func (f *fleet) kubectl() []byte {
	var nodes []any
	for _, machine := range f.machines[1:] {
		nodes = append(nodes, map[string]any{
			"metadata": map[string]any{"name": machine.Name},
			"status": map[string]any{
				"nodeInfo":   map[string]any{"kubeletVersion": "v" + kubernetesVersion},
				"conditions": []any{map[string]any{"type": "Ready", "status": "True"}},
			},
		})
	}
	answer, err := json.Marshal(map[string]any{"items": nodes})
	if err != nil {
		panic(err) // it is made of strings
	}
	return fmt.Appendf(nil, kubectlScript, answer)
}

// remember writes onto the runner that all nodes but the new one are a cluster, as the last run would have left it.
func (f *fleet) remember(ctx context.Context) error {
	first := f.firstControlPlane()
	init := fmt.Sprintf("sudo kubeadm init --node-name %s --advertise-address %s --kubernetes-version v%s >&2 && sudo cat /etc/kubernetes/admin.conf",
		first.Name, first.private(), kubernetesVersion)
	kubeconfig, err := f.run(ctx, first, init, "")
	if err != nil {
		return err
	}
	state, err := f.state(kubeconfig)
	if err != nil {
		return err
	}
	write := "sudo sh -c 'umask 077 && mkdir -p %[1]s && cat > %[1]s/%[2]s'"
	_, err = f.run(ctx, f.runner(), fmt.Sprintf(write, directory, "state.json"), state)
	return err
}

// read returns a file of the only run there was.
func (f *fleet) read(ctx context.Context, file string) (string, error) {
	return f.run(ctx, f.runner(), "sudo sh -c 'cat "+path.Join(directory, "runs/*", file)+"'", "")
}

// run runs a command on a machine.
func (f *fleet) run(ctx context.Context, on machine, command, stdin string) (string, error) {
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey([]byte(on.hostKey))
	if err != nil {
		return "", err
	}
	client, err := ssh.Dial("tcp", net.JoinHostPort(on.PublicAddress, strconv.Itoa(sshPort)), &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(f.key.Signer)}, HostKeyCallback: ssh.FixedHostKey(hostKey),
	})
	if err != nil {
		return "", fmt.Errorf("%s: %w", on.Name, err)
	}
	defer context.AfterFunc(ctx, func() { _ = client.Close() })()
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return "", fmt.Errorf("%s: %w", on.Name, err)
	}
	var stdout, stderr bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := session.Run(command); err != nil {
		return "", fmt.Errorf("%s: %s: %w\n%s%s", on.Name, command, err, stdout.String(), stderr.String())
	}
	return stdout.String(), nil
}

// close ends the machines.
func (f *fleet) close() error {
	var errs []error
	if f.hosts != nil {
		errs = append(errs, f.hosts.Close())
	}
	if f.files != nil {
		errs = append(errs, f.files.Close())
	}
	return errors.Join(errs...)
}
