package controlplane

import (
	"bytes"
	"context"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/iransre/exchange-platform/sandbox/pki"
)

// EtcdKeys are the keys of one client of etcd, which could also be a member of it, in PEM.
type EtcdKeys struct {
	Endpoint                     string
	CA                           []byte
	AdminCertificate, AdminKey   []byte
	MemberCertificate, MemberKey []byte
}

// EtcdKeys gives the keys of the machine of that name, with which it may read and change all of etcd.
func (c *ControlPlane) EtcdKeys(name string, addresses []string) (*EtcdKeys, error) {
	p := c.layout.pki
	ca, err := p.Authority("etcd-ca")
	if err != nil {
		return nil, err
	}
	admin := pki.Leaf{Name: "etcd-admin-" + name, Subject: pkix.Name{CommonName: "etcd-admin-" + name}, Usages: forClients}
	member := pki.Leaf{Name: "etcd-member-" + name, Subject: pkix.Name{CommonName: "etcd-member-" + name}, Usages: forBoth, Alternatives: addresses}
	for _, leaf := range []pki.Leaf{admin, member} {
		if err := p.Issue(ca, leaf); err != nil {
			return nil, err
		}
	}
	keys := &EtcdKeys{Endpoint: c.layout.url(etcdPort)}
	for path, content := range map[string]*[]byte{
		c.layout.certificate("etcd-ca"):   &keys.CA,
		c.layout.certificate(admin.Name):  &keys.AdminCertificate,
		c.layout.key(admin.Name):          &keys.AdminKey,
		c.layout.certificate(member.Name): &keys.MemberCertificate,
		c.layout.key(member.Name):         &keys.MemberKey,
	} {
		if *content, err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// LoseEtcd takes the data of a stopped control plane away, as if its disks were lost; it stays beside as etcd.lost, in case the
// rehearsal was a mistake.
func LoseEtcd(dir string) error {
	lost := filepath.Join(dir, "etcd.lost")
	if err := os.RemoveAll(lost); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, "etcd"), lost); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// RestoreEtcd makes the data of a stopped control plane out of a snapshot, with the real etcdutl and the options that
// docs/etcd.md tells to use on real members. What data there is gives way to it.
func RestoreEtcd(ctx context.Context, options Options, snapshot string) error {
	if err := LoseEtcd(options.Dir); err != nil {
		return err
	}
	l := layout{address: options.Address}
	restore := exec.CommandContext(ctx, options.Binary, "etcdutl", "snapshot", "restore", snapshot,
		"--data-dir", filepath.Join(options.Dir, "etcd"), "--name", etcdName,
		"--initial-cluster", etcdName+"="+l.url(etcdPeerPort), "--initial-advertise-peer-urls", l.url(etcdPeerPort),
		"--initial-cluster-token", "restored", "--bump-revision", "1000000000", "--mark-compacted")
	if output, err := restore.CombinedOutput(); err != nil {
		lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
		return fmt.Errorf("etcdutl snapshot restore %s: %w: %s", snapshot, err, lines[len(lines)-1])
	}
	return nil
}
