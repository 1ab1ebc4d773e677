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
	byAuthority := map[string][]leaf{
		"ca": {
			{name: "admin", subject: pkix.Name{CommonName: "kubernetes-admin", Organization: []string{administrators}}, usages: forClients},
			// It acts for all its controllers, whose rights together are those of an administrator.
			{name: "controller-manager", subject: pkix.Name{CommonName: "system:kube-controller-manager", Organization: []string{administrators}}, usages: forClients},
			{name: "scheduler", subject: pkix.Name{CommonName: "system:kube-scheduler"}, usages: forClients},
			{name: "cloud", subject: pkix.Name{CommonName: "exchange-sandbox", Organization: []string{administrators}}, usages: forClients},
			c.servingLeaf(nil),
		},
		"front-proxy-ca": {{name: "front-proxy-client", subject: pkix.Name{CommonName: "front-proxy-client"}, usages: forClients}},
		"etcd-ca": {
			{name: "etcd", subject: pkix.Name{CommonName: "etcd"}, usages: forBoth, alternatives: []string{c.layout.address}},
			{name: "etcd-client", subject: pkix.Name{CommonName: "kube-apiserver"}, usages: forClients},
		},
	}
	for name, leaves := range byAuthority {
		ca, err := p.authority(name)
		if err != nil {
			return err
		}
		if name == "ca" {
			c.authority = ca
		}
		for _, leaf := range leaves {
			existing, err := p.certificate(leaf.name)
			if err == nil && contains(alternatives(existing), leaf.alternatives) && time.Now().Before(existing.NotAfter) {
				continue
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			if err := p.issue(ca, leaf); err != nil {
				return err
			}
		}
	}
	_, err := p.key("service-account")
	return err
}

// servingLeaf is the API server's certificate: the names it always has, and more.
func (c *ControlPlane) servingLeaf(more []string) leaf {
	names := append([]string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + clusterDomain,
		"localhost", "127.0.0.1", firstServiceAddress, c.layout.address,
	}, more...)
	slices.Sort(names)
	return leaf{name: "apiserver", subject: pkix.Name{CommonName: "kube-apiserver"}, usages: forServers, alternatives: slices.Compact(names)}
}

// IssueServing gives the API server a certificate that is valid for these names and addresses, besides those it always has, and returns
// when the server uses it. Connections that exist are not cut.
func (c *ControlPlane) IssueServing(sans []string) error {
	c.serving.Lock()
	defer c.serving.Unlock()
	wanted := c.servingLeaf(sans)
	existing, err := c.layout.pki.certificate(wanted.name)
	if err != nil {
		return err
	}
	if !slices.Equal(alternatives(existing), wanted.alternatives) {
		if err := c.layout.pki.issue(c.authority, wanted); err != nil {
			return err
		}
		if existing, err = c.layout.pki.certificate(wanted.name); err != nil {
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
	trusted.AddCert(c.authority.certificate)
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
