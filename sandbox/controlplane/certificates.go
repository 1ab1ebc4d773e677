package controlplane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/iransre/exchange-platform/sandbox/pki"
)

const reloadTimeout = 15 * time.Second

var (
	forClients = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	forServers = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	forBoth    = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
)

// issueCertificates makes what is missing. Three authorities, as in every real cluster: a certificate for the API must open
// neither etcd nor the aggregation layer.
func (c *ControlPlane) issueCertificates() error {
	const administrators = "system:masters"
	p := c.layout.pki
	byAuthority := map[string][]pki.Leaf{
		"ca": {
			{Name: "admin", Subject: pkix.Name{CommonName: "kubernetes-admin", Organization: []string{administrators}}, Usages: forClients},
			// It acts for all its controllers, whose rights together are those of an administrator.
			{Name: "controller-manager", Subject: pkix.Name{CommonName: "system:kube-controller-manager", Organization: []string{administrators}}, Usages: forClients},
			{Name: "scheduler", Subject: pkix.Name{CommonName: "system:kube-scheduler"}, Usages: forClients},
			{Name: "cloud", Subject: pkix.Name{CommonName: "exchange-sandbox", Organization: []string{administrators}}, Usages: forClients},
			c.servingLeaf(nil),
		},
		"front-proxy-ca": {{Name: "front-proxy-client", Subject: pkix.Name{CommonName: "front-proxy-client"}, Usages: forClients}},
		"etcd-ca": {
			{Name: "etcd", Subject: pkix.Name{CommonName: "etcd"}, Usages: forBoth, Alternatives: []string{c.layout.address}},
			{Name: "etcd-client", Subject: pkix.Name{CommonName: "kube-apiserver"}, Usages: forClients},
		},
	}
	for name, leaves := range byAuthority {
		ca, err := p.Authority(name)
		if err != nil {
			return err
		}
		if name == "ca" {
			c.authority = ca
		}
		for _, leaf := range leaves {
			existing, err := p.Certificate(leaf.Name)
			if err == nil && contains(pki.Alternatives(existing), leaf.Alternatives) && time.Now().Before(existing.NotAfter) {
				continue
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			if err := p.Issue(ca, leaf); err != nil {
				return err
			}
		}
	}
	_, err := p.Key("service-account")
	return err
}

// servingLeaf is the API server's certificate: the names it always has, and more.
func (c *ControlPlane) servingLeaf(more []string) pki.Leaf {
	names := append([]string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + clusterDomain,
		"localhost", "127.0.0.1", firstServiceAddress, c.layout.address,
	}, more...)
	slices.Sort(names)
	return pki.Leaf{Name: "apiserver", Subject: pkix.Name{CommonName: "kube-apiserver"}, Usages: forServers, Alternatives: slices.Compact(names)}
}

// IssueServing gives the API server a certificate that is valid for these names and addresses, besides those it always has, and returns
// when the server uses it. Connections that exist are not cut.
func (c *ControlPlane) IssueServing(sans []string) error {
	c.serving.Lock()
	defer c.serving.Unlock()
	wanted := c.servingLeaf(sans)
	existing, err := c.layout.pki.Certificate(wanted.Name)
	if err != nil {
		return err
	}
	if !slices.Equal(pki.Alternatives(existing), wanted.Alternatives) {
		if err := c.layout.pki.Issue(c.authority, wanted); err != nil {
			return err
		}
		if existing, err = c.layout.pki.Certificate(wanted.Name); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), reloadTimeout)
	defer cancel()
	return wait(ctx, "the API server to use its new certificate", func(ctx context.Context) error {
		return c.serves(ctx, existing)
	})
}

func (c *ControlPlane) serves(ctx context.Context, certificate *x509.Certificate) error {
	trusted := x509.NewCertPool()
	trusted.AddCert(c.authority.Certificate)
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: trusted}}
	connection, err := dialer.DialContext(ctx, "tcp", c.Address())
	if err != nil {
		return err
	}
	defer connection.Close()
	served := connection.(*tls.Conn).ConnectionState().PeerCertificates[0]
	if !served.Equal(certificate) {
		return fmt.Errorf("it serves the one with number %x, not %x", served.SerialNumber, certificate.SerialNumber)
	}
	return nil
}

func contains(all, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(one string) bool { return !slices.Contains(all, one) })
}
