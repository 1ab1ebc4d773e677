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
		return 1, errors.New("usage: kubeadm init|join|reset|version [flags]")
	}
	o := options{
		flags: []string{"--control-plane", "--force", "-f", "--upload-certs", "--short"},
		values: []string{
			"--node-name", "--advertise-address", "--apiserver-advertise-address", "--external-address", "--apiserver-cert-extra-sans", "--node-labels",
			"--node-taints", "--kubernetes-version", "--token", "--discovery-token-ca-cert-hash", "--certificate-key", "--ignore-preflight-errors", "-o", "--output",
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

func kubeadmRequest(o *options) (guestapi.KubeadmRequest, error) {
	request := guestapi.KubeadmRequest{
		NodeName: o.last("--node-name"), AdvertiseAddress: o.last("--advertise-address", "--apiserver-advertise-address"),
		ExternalAddress: o.last("--external-address"), ControlPlane: o.set["--control-plane"], CertSANs: list(o.last("--apiserver-cert-extra-sans")),
		Labels: map[string]string{}, Taints: list(o.last("--node-taints")), Version: o.last("--kubernetes-version"),
	}
	if request.Version == "" {
		request.Version = defaultVersion
	}
	if !strings.HasPrefix(request.Version, "v") {
		request.Version = "v" + request.Version
	}
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
