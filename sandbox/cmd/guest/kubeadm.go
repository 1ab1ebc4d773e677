package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// defaultVersion is the Kubernetes that the sandbox's control plane is.
const defaultVersion = "v1.35.4"

// kubeadm makes a node of the machine, with a few flags of its own instead of kubeadm's configuration file.
func kubeadm(args []string) (int, error) {
	if len(args) == 0 {
		return 1, errors.New("usage: kubeadm init|join|upgrade|reset|version [flags]")
	}
	o := options{
		flags: []string{"--control-plane", "--force", "-f", "--upload-certs", "--short", "--yes", "-y", "--allow-experimental-upgrades", "--allow-release-candidate-upgrades", "--etcd-upgrade", "--certificate-renewal"},
		values: []string{
			"--node-name", "--advertise-address", "--apiserver-advertise-address", "--external-address", "--apiserver-cert-extra-sans", "--node-labels",
			"--node-taints", "--kubernetes-version", "--token", "--discovery-token-ca-cert-hash", "--certificate-key", "--ignore-preflight-errors", "-o", "--output", "--config", "--patches", "--skip-phases",
		},
	}
	verb := args[0]
	if err := o.parse(args[1:]); err != nil {
		return 1, err
	}
	switch verb {
	case "version":
		fmt.Println(defaultVersion)
		return 0, nil
	case "reset":
		return 0, call(http.MethodPost, guestapi.Kubeadm+verb, nil, nil)
	case "upgrade":
		return upgrade(&o)
	case "init", "join":
		request, err := kubeadmRequest(&o)
		if err != nil {
			return 1, err
		}
		if err := call(http.MethodPost, guestapi.Kubeadm+verb, request, nil); err != nil {
			return 1, err
		}
		fmt.Println(map[string]string{
			"init": "Your Kubernetes control-plane has initialized successfully!",
			"join": "This node has joined the cluster",
		}[verb])
		return 0, nil
	default:
		return 1, errUsage(verb)
	}
}

// upgrade is `kubeadm upgrade apply VERSION` and `kubeadm upgrade node`.
func upgrade(o *options) (int, error) {
	if len(o.rest) == 0 {
		return 1, errors.New("usage: kubeadm upgrade apply VERSION | kubeadm upgrade node")
	}
	action := o.rest[0]
	version := o.last("--kubernetes-version")
	if action == "apply" && len(o.rest) > 1 {
		version = o.rest[1]
	}
	switch {
	case action != "apply" && action != "node":
		return 1, errUsage("upgrade " + action)
	case action == "apply" && version == "":
		return 1, errors.New("upgrade apply needs a version, for example v1.35.4")
	}
	if err := call(http.MethodPost, guestapi.Kubeadm+"upgrade-"+action, guestapi.UpgradeRequest{Version: withV(version)}, nil); err != nil {
		return 1, err
	}
	if action == "apply" {
		fmt.Printf("[upgrade] SUCCESS! A control plane node of your cluster was upgraded to %q.\n", withV(version))
	} else {
		fmt.Println("[upgrade] The configuration for this node was successfully upgraded!")
	}
	return 0, nil
}

// withV completes a version, unless there is none.
func withV(version string) string {
	if version == "" || strings.HasPrefix(version, "v") {
		return version
	}
	return "v" + version
}

func kubeadmRequest(o *options) (guestapi.KubeadmRequest, error) {
	request := guestapi.KubeadmRequest{
		NodeName: o.last("--node-name"), AdvertiseAddress: o.last("--advertise-address", "--apiserver-advertise-address"),
		ExternalAddress: o.last("--external-address"), ControlPlane: o.set["--control-plane"], CertSANs: list(o.last("--apiserver-cert-extra-sans")),
		Labels: map[string]string{}, Taints: list(o.last("--node-taints")), Version: o.last("--kubernetes-version"),
	}
	if request.Version == "" {
		request.Version = defaultVersion
	}
	request.Version = withV(request.Version)
	for _, label := range list(o.last("--node-labels")) {
		key, value, found := strings.Cut(label, "=")
		if !found {
			return request, fmt.Errorf("--node-labels: %q is not of the form key=value", label)
		}
		request.Labels[key] = value
	}
	for _, taint := range request.Taints {
		if key, effect, found := strings.Cut(taint, ":"); !found || key == "" || effect == "" {
			return request, fmt.Errorf("--node-taints: %q is not of the form key=value:Effect", taint)
		}
	}
	return request, nil
}

// list splits at commas and drops empty parts.
func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}
