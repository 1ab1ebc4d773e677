package growth

import (
	"archive/tar"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/pulumi/pulumi-command/sdk/go/command"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/kubespray"
	"github.com/iransre/exchange-platform/internal/mocktest"
	"github.com/iransre/exchange-platform/internal/settings"
)

// engine makes a remote command.
type engine func(name string, inputs resource.PropertyMap) (stdout string, err error)

// deploy has the component make a cluster of these machines, the runner first.
func (f *fleet) deploy(machines []machine, make engine) error {
	args := &kubespray.Args{
		Cluster: clusterName,
		Runner:  f.runner().Name,
		SSH:     kubespray.SSH{User: user, Port: sshPort, PrivateKey: pulumi.String(f.key.Private)},
		PodCIDR: "10.233.64.0/18", ServiceCIDR: "10.233.0.0/18",
	}
	args.Config.SetDefaults(settings.Demo)
	args.Version = kubernetesVersion
	args.Kubespray = kubespray.Toolchain{Version: kubesprayVersion, Archive: f.archive, SHA256: f.sum, Ansible: kubespray.System}
	for i, machine := range machines {
		controlPlane := i > 0 && i <= controlPlanes
		args.Nodes = append(args.Nodes, kubespray.Node{
			Name: machine.Name, ControlPlane: controlPlane, Etcd: controlPlane, Worker: i > controlPlanes,
			PrivateAddress: pulumi.String(machine.private()), PublicAddress: pulumi.String(machine.PublicAddress),
			HostKey: pulumi.String(machine.hostKey), Machine: pulumi.String(machine.ID),
		})
	}
	_, err := mocktest.World{Command: make}.Try(func(ctx *pulumi.Context) error {
		provider, err := command.NewProvider(ctx, "command", &command.ProviderArgs{})
		if err != nil {
			return err
		}
		_, err = kubespray.New(ctx, componentName, args, pulumi.Providers(provider))
		return err
	})
	return err
}

// execute is an engine that runs the commands.
func (f *fleet) execute(ctx context.Context) engine {
	byAddress := map[string]machine{}
	for _, machine := range f.machines {
		byAddress[machine.PublicAddress] = machine
	}
	return func(_ string, inputs resource.PropertyMap) (string, error) {
		host := text(plain(inputs["connection"]).ObjectValue()["host"])
		stdout, err := f.run(ctx, byAddress[host], text(inputs["create"]), text(inputs["stdin"]))
		return strings.TrimSuffix(stdout, "\n"), err
	}
}

// rehearse has the component make a cluster of these machines without running a command: answers are what they would print,
// by the end of their names. It returns what each would read.
func (f *fleet) rehearse(machines []machine, answers map[string]string) (stdin map[string]string, err error) {
	stdin = map[string]string{}
	var mutex sync.Mutex
	err = f.deploy(machines, func(name string, inputs resource.PropertyMap) (string, error) {
		mutex.Lock()
		defer mutex.Unlock()
		name = strings.TrimPrefix(name, componentName+"-")
		stdin[name] = text(inputs["stdin"])
		return answers[name], nil
	})
	return stdin, err
}

// state is what the runner would know of a cluster of all nodes but the new one.
func (f *fleet) state(kubeconfig string) (string, error) {
	stdin, err := f.rehearse(f.machines[:len(f.machines)-1], map[string]string{"kubeconfig": kubeconfig})
	if err != nil {
		return "", err
	}
	bundle, err := unpack(stdin["bundle"])
	return fmt.Sprintf(`{"revision": 1, "shape": %s, "pending": [], "unfinished": null}`, bundle["wanted.json"]), err
}

// unpack returns the files of a bundle by their paths.
func unpack(packed string) (map[string]string, error) {
	files := map[string]string{}
	archive := tar.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(packed)))
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the bundle: %w", err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("%s of the bundle: %w", header.Name, err)
		}
		files[header.Name] = string(content)
	}
}

// text is the string behind a secret, or none.
func text(value resource.PropertyValue) string {
	if value = plain(value); value.IsString() {
		return value.StringValue()
	}
	return ""
}

// plain is the value behind a secret.
func plain(value resource.PropertyValue) resource.PropertyValue {
	if value.IsSecret() {
		return plain(value.SecretValue().Element)
	}
	return value
}
