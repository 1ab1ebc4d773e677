// Package outputs is the contract between an environment and the teams that build on it: what its stack outputs are, and
// how another Pulumi program reads them.
package outputs

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

//go:generate go run ./schema

// ContractVersion grows by one whenever an output changes its name, shape or meaning. New outputs do not change it.
const ContractVersion = 1

// Platform is everything an environment says of itself. Secret values are not in it but where they can be found.
type Platform struct {
	// ContractVersion is the version of this contract that the environment speaks.
	ContractVersion int `json:"contractVersion"`
	// Exchange is the application as its users reach it.
	Exchange Endpoint `json:"exchange"`
	// Kubernetes is the cluster's API.
	Kubernetes Kubernetes `json:"kubernetes"`
	// Ingress is where web traffic enters the cluster.
	Ingress Ingress `json:"ingress"`
	// Grafana, Prometheus, Alertmanager and Kibana are reached inside the cluster, and by people in one of the ways of Service.
	Grafana      Service `json:"grafana"`
	Prometheus   Service `json:"prometheus"`
	Alertmanager Service `json:"alertmanager"`
	Kibana       Service `json:"kibana"`
	// ArgoCD keeps the exchange as a git repository says; nil where nobody or something else does.
	ArgoCD *Service `json:"argocd,omitempty"`
	// Postgres is the exchange's database.
	Postgres Postgres `json:"postgres"`
	// ObjectStore is the exchange's S3 store.
	ObjectStore ObjectStore `json:"objectStore"`
	// Nodes are the environment's machines: the cluster's in the order in which they joined, and the bastion if there is one.
	Nodes []Node `json:"nodes"`
	// Cost is what the machines cost; nil on a platform from before it was told.
	Cost *Cost `json:"cost,omitempty"`
	// Access is who has a kubeconfig besides the administrator, by name; nil on a platform from before it was told.
	Access map[string]Access `json:"access,omitempty"`
	// Certificates are those whose ends the environment knows, by what they are for: "kubernetes" (the cluster's own authority), "kubeconfig"
	// (the administrator's, in that output), "postgres" and "logging" (the authorities of the database and of the logs), "edge" (what was handed
	// in for the workers). More may come; nil on a platform from before it was told.
	Certificates map[string]Certificate `json:"certificates,omitempty"`
	// Namespaces maps a capability ("postgres", "exchange", …) to the Kubernetes namespace it is in.
	Namespaces map[string]string `json:"namespaces"`
}

// Endpoint is a public name, and what answers to it.
type Endpoint struct {
	URL  string `json:"url"`
	Host string `json:"host"`
	// Image is the version that the last update rolled out, "repository:tag", with "@sha256:…" if the stack file pins it. Empty where Argo CD or a
	// workflow delivers, which alone know, and on a platform from before it was told.
	Image string `json:"image,omitempty"`
	// Since is when the rollout of Image was through, in RFC 3339; empty, too, as long as it is the image of before it was told.
	Since string `json:"since,omitempty"`
}

// Kubernetes is the API server's address and version ("v1.35.4").
type Kubernetes struct {
	Endpoint string `json:"endpoint"`
	Version  string `json:"version"`
}

// Ingress is the class an Ingress names, and the addresses traffic comes in at.
type Ingress struct {
	Class     string   `json:"class"`
	Addresses []string `json:"addresses"`
}

// Service is something with a web page or an HTTP API inside the cluster.
type Service struct {
	// URL is reachable from pods.
	URL       string `json:"url"`
	Namespace string `json:"namespace"`
	// PublicURL is where people reach it from outside, if they are in the ranges that the stack file allows; empty where it is not published.
	PublicURL string `json:"publicUrl,omitempty"`
	// PortForward is the command by which whoever has a kubeconfig reaches it where it is not published. Both are empty on a platform from
	// before they were told.
	PortForward string `json:"portForward,omitempty"`
	// SecretName is the Kubernetes Secret, in Namespace, with the password that it, or the way to it, asks for; empty where there is none.
	SecretName string `json:"secretName,omitempty"`
}

// Postgres is a database and where its credentials lie.
type Postgres struct {
	// ReadWriteHost takes writes, ReadOnlyHost may be a replica.
	ReadWriteHost string `json:"rwHost"`
	ReadOnlyHost  string `json:"roHost"`
	// PrimaryHost takes writes, too, with nothing between it and the primary. Empty on a platform from before it was told.
	PrimaryHost string `json:"primaryHost,omitempty"`
	// Authority is the certificate, in PEM, by which the servers are known under all three names (`sslmode=verify-full`). Empty where
	// they speak no TLS; where there is one, nothing else is let in.
	Authority string `json:"authority,omitempty"`
	Port      int    `json:"port"`
	Database  string `json:"database"`
	// SecretName is the Kubernetes Secret, in Namespace, with the credentials.
	SecretName string `json:"secretName"`
	Namespace  string `json:"namespace"`
}

// ObjectStore is an S3 endpoint and where its credentials lie.
type ObjectStore struct {
	// Endpoint is the base URL of the S3 API, as pods reach it.
	Endpoint string `json:"endpoint"`
	// PublicURL is where browsers load the files of Buckets: of the static one as they are, of the media one by signed links.
	// Empty on a platform from before there was one.
	PublicURL string `json:"publicUrl,omitempty"`
	// Buckets are the static one and the media one.
	Buckets []string `json:"buckets"`
	// SecretName is the Kubernetes Secret, in Namespace, with the credentials.
	SecretName string `json:"secretName"`
	Namespace  string `json:"namespace"`
	// Media is how the media bucket is reached. Where its files lie in another store than the static ones (`objectStore.external.buckets`), Endpoint,
	// PublicURL and SecretName are the static bucket's; otherwise both are the same. nil on a platform from before it was told.
	Media *Bucket `json:"media,omitempty"`
}

// Bucket is how one bucket is reached.
type Bucket struct {
	Endpoint  string `json:"endpoint"`
	PublicURL string `json:"publicUrl"`
	// SecretName is the Kubernetes Secret, in ObjectStore's Namespace, with the credentials.
	SecretName string `json:"secretName"`
}

// Node is one machine.
type Node struct {
	Name string `json:"name"`
	// Role is "control-plane", "worker" or "bastion"; a bastion is no node of the Kubernetes cluster. More may come: leave
	// those alone that you do not know.
	Role           string `json:"role"`
	PrivateAddress string `json:"privateIp"`
	PublicAddress  string `json:"publicIp"`
	Zone           string `json:"zone"`
}

// Access is one scoped kubeconfig, without the kubeconfig itself.
type Access struct {
	// Role is one of Kubernetes' own, "view", "edit" or "admin".
	Role string `json:"role"`
	// Namespaces it holds in; none means all.
	Namespaces []string `json:"namespaces"`
	// Issued and Expires, in RFC 3339, are its token's; it is renewed by an update in the second half between them.
	Issued  string `json:"issued"`
	Expires string `json:"expires"`
}

// Certificate is one, and when it ends.
type Certificate struct {
	// Ends is in RFC 3339; empty where it is not known.
	Ends string `json:"ends"`
}

// Cost is an amount of money by the cloud's price list, without traffic and what the account's plan adds.
type Cost struct {
	// Currency is "IRR".
	Currency string  `json:"currency"`
	PerHour  float64 `json:"perHour"`
	PerMonth float64 `json:"perMonth"`
}

// Names are the stack outputs that make up a Platform, in the order of the contract. The stack has two more, which are
// secret, "kubeconfig" and "kubeconfigs" (by name, see Access): read them with reference.GetOutput.
var Names = []string{
	"contractVersion", "exchange", "kubernetes", "ingress", "grafana", "prometheus", "alertmanager", "kibana",
	"argocd", "postgres", "objectStore", "nodes", "cost", "access", "certificates", "namespaces",
}

// StackReference is what Read needs of a *pulumi.StackReference. To name that type here would cost the platform's program,
// which imports this package for the contract, six seconds of compile time.
type StackReference interface {
	GetOutputDetails(name string) (*pulumi.StackReferenceOutputDetails, error)
}

// Read returns what the environment behind reference says of itself. It fails if the environment is not up or speaks a
// newer contract than this package.
func Read(_ *pulumi.Context, reference StackReference) (*Platform, error) {
	values := map[string]any{}
	for _, name := range Names {
		details, err := reference.GetOutputDetails(name)
		if err != nil {
			return nil, fmt.Errorf("read output %q of the platform's stack: %w", name, err)
		}
		if details.Value != nil {
			values[name] = details.Value
		}
	}
	return Parse(values)
}

// Parse makes a Platform of stack outputs by name, as `pulumi stack output --json` prints them. Outputs it does not know
// are left alone.
func Parse(values map[string]any) (*Platform, error) {
	version, there := values["contractVersion"]
	if !there {
		return nil, fmt.Errorf("the stack has no output contractVersion: it is not up, or it is not an exchange platform")
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("the platform's outputs: %w", err)
	}
	var platform Platform
	if err := json.Unmarshal(encoded, &platform); err != nil {
		return nil, fmt.Errorf("the platform's outputs do not follow contract %d: %w", ContractVersion, err)
	}
	if platform.ContractVersion != ContractVersion {
		return nil, fmt.Errorf("the platform speaks contract %v, this program reads %d: take the version of stacks/outputs that belongs to the platform", version, ContractVersion)
	}
	return &platform, nil
}
