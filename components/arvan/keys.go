package arvan

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"golang.org/x/crypto/ssh"

	"github.com/iransre/exchange-platform/internal/providers"
)

// key is an SSH key pair that lives in the state as a random text: made once, the same in every later run, and replaced by
// replacing that text.
type key struct {
	// private is in OpenSSH's format, secret; public is "ssh-ed25519 AAAA…".
	private, public pulumi.StringOutput
}

// newKey derives the pair from a random password. RandomBytes would be the nearer resource, but its id, which no state
// encrypts, is the bytes themselves (pulumi-random, provider/resources.go).
func newKey(ctx *pulumi.Context, name string, opts ...pulumi.ResourceOption) (*key, error) {
	// 64 letters and digits are 381 random bits, and a key has 256
	source, err := providers.NewPassword(ctx, name, 64, opts...)
	if err != nil {
		return nil, err
	}
	pair := source.Result.ApplyT(func(text string) ([]string, error) {
		seed := sha256.Sum256([]byte(text))
		private, public, err := encode(seed[:])
		return []string{private, public}, err
	}).(pulumi.StringArrayOutput)
	return &key{
		private: pulumi.ToSecret(pair.Index(pulumi.Int(0))).(pulumi.StringOutput),
		public:  pulumi.Unsecret(pair.Index(pulumi.Int(1))).(pulumi.StringOutput),
	}, nil
}

// encode writes the Ed25519 key of seed in OpenSSH's private format, the only one that every sshd and ssh reads for this
// kind of key, and its public half as in authorized_keys.
//
// x/crypto's MarshalPrivateKey cannot be used: it puts random check bytes in, and so the same key would be another text
// (a replaced server) in each run. The check only has to be the same number twice, so it is zero here. The format stands
// in OpenSSH's PROTOCOL.key.
func encode(seed []byte) (private, public string, err error) {
	if len(seed) != ed25519.SeedSize {
		return "", "", fmt.Errorf("a key needs %d random bytes, not %d", ed25519.SeedSize, len(seed))
	}
	pair := ed25519.NewKeyFromSeed(seed)
	sshPublic, err := ssh.NewPublicKey(pair.Public())
	if err != nil {
		return "", "", err
	}
	secret := ssh.Marshal(struct {
		Check1, Check2 uint32
		Type           string
		Public         []byte
		Private        []byte
		Comment        string
	}{Type: ssh.KeyAlgoED25519, Public: pair.Public().(ed25519.PublicKey), Private: pair})
	for pad := byte(1); len(secret)%8 != 0; pad++ {
		secret = append(secret, pad)
	}
	block := pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: append([]byte("openssh-key-v1\x00"), ssh.Marshal(struct {
		Cipher, KDF, KDFOptions string
		Keys                    uint32
		Public                  []byte
		Private                 []byte
	}{"none", "none", "", 1, sshPublic.Marshal(), secret})...)}
	return string(pem.EncodeToMemory(&block)), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshPublic))), nil
}
