package provider

import (
	"github.com/pulumi/pulumi-go-provider/infer"
)

// SSHKey is the resource arvancloud:iaas:SshKey.
type SSHKey struct{}

// SSHKeyArgs are the inputs of an SSHKey.
type SSHKeyArgs struct {
	Zone      string `pulumi:"zone,optional" provider:"replaceOnChanges"`
	Name      string `pulumi:"name" provider:"replaceOnChanges"`
	PublicKey string `pulumi:"publicKey" provider:"replaceOnChanges"`
}

// SSHKeyState is what is known of an SSHKey.
type SSHKeyState struct {
	SSHKeyArgs
	Zone        string `pulumi:"zone" provider:"replaceOnChanges"`
	Fingerprint string `pulumi:"fingerprint"`
}

// Annotate describes the resource in the schema.
func (k *SSHKey) Annotate(a infer.Annotator) {
	a.SetToken(moduleIaaS, "SshKey")
	a.Describe(&k, "A public SSH key that servers of one zone can be booted with. Import it with the id `<zone>/<name>`.")
}

// Annotate describes the inputs in the schema.
func (s *SSHKeyArgs) Annotate(a infer.Annotator) {
	a.Describe(&s.Zone, describeZone)
	a.Describe(&s.Name, "Name of the key, unique in the zone.")
	a.Describe(&s.PublicKey, "The public key in OpenSSH format (\"ssh-ed25519 AAAA… comment\").")
}

// Annotate describes the outputs in the schema.
func (s *SSHKeyState) Annotate(a infer.Annotator) {
	a.Describe(&s.Fingerprint, "Fingerprint of the key, as ArvanCloud shows it.")
}
