package iaas

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/iransre/exchange-platform/provider/client"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/internal/zone"
)

// SSHKeyArgs are the inputs of an SSHKey.
type SSHKeyArgs struct {
	Zone      string `pulumi:"zone,optional" provider:"replaceOnChanges" doc:"Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."`
	Name      string `pulumi:"name" provider:"replaceOnChanges" doc:"Name of the key, unique in the zone."`
	PublicKey string `pulumi:"publicKey" doc:"The public key in OpenSSH format (\"ssh-ed25519 AAAA… comment\")."`
}

// SSHKeyState is what is known of an SSHKey.
type SSHKeyState struct {
	SSHKeyArgs
	Zone        string `pulumi:"zone" provider:"replaceOnChanges"`
	Fingerprint string `pulumi:"fingerprint" from:"publicKey" doc:"Fingerprint of the key, as ArvanCloud shows it."`
}

// SSHKey is the resource arvancloud:iaas:SshKey.
var SSHKey = &resource.Kind[SSHKeyArgs, SSHKeyState, client.SSHKey]{
	Type:        "iaas:SshKey",
	Name:        "SSH key",
	IDs:         "<zone>/<name>",
	About:       "A public SSH key that servers of one zone can be booted with.",
	Example:     "name: admin\npublicKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl admin@example",
	Replacement: resource.DeletesFirstUnless("zone", "name"),

	Place: func(args SSHKeyArgs) string { return args.Zone },
	Label: func(args SSHKeyArgs) string { return strconv.Quote(args.Name) },
	List: func(ctx context.Context, s *resource.Session, zone string) ([]client.SSHKey, error) {
		return s.SSHKeys(ctx, zone)
	},
	ID: func(key client.SSHKey) string { return key.Name },
	Check: func(ctx context.Context, c *resource.Checker, args *SSHKeyArgs) {
		c.Zone(ctx, &args.Zone)
		c.Name("name", args.Name)
		if c.Known("publicKey") {
			args.PublicKey = strings.TrimSpace(args.PublicKey)
			if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(args.PublicKey)); err != nil {
				c.Fail("publicKey", "this is not a public key in OpenSSH format (\"ssh-ed25519 AAAA… comment\"): %v", err)
			}
		}
		zone.Takes(ctx, c, "name", args.Zone, zone.QuotaKeys)
	},
	Same: sameName,
	Foreign: func(args SSHKeyArgs, key client.SSHKey, id resource.Identity, owned bool) error {
		if !owned && sameKey(key.PublicKey, args.PublicKey) {
			return nil
		}
		return fmt.Errorf("zone %s has another SSH key named %q: choose another name, delete that key, or take it over with "+
			"`pulumi import arvancloud:iaas:SshKey NAME %s`", id.Place, args.Name, id)
	},
	Make: makeSSHKey,
	State: func(args SSHKeyArgs, key client.SSHKey, before SSHKeyState) SSHKeyState {
		return SSHKeyState{SSHKeyArgs: args, Zone: args.Zone, Fingerprint: cmp.Or(key.Fingerprint, before.Fingerprint)}
	},
	Observe: func(args SSHKeyArgs, key client.SSHKey, _ bool, id resource.Identity) SSHKeyArgs {
		observed := SSHKeyArgs{Zone: id.Place, Name: key.Name, PublicKey: args.PublicKey}
		if !sameKey(key.PublicKey, args.PublicKey) {
			observed.PublicKey = key.PublicKey
		}
		return observed
	},
	Change: changeSSHKey,
	Remove: func(ctx context.Context, s *resource.Session, id resource.Identity, _ SSHKeyState) error {
		return s.DeleteSSHKey(ctx, id.Place, id.Object)
	},
	Users: zone.UsedByServers(func(_ context.Context, _ *resource.Session, id resource.Identity) (func(client.Server) bool, error) {
		return func(server client.Server) bool { return string(server.KeyName) == id.Object }, nil
	}),
}

func sameName(args SSHKeyArgs, key client.SSHKey) bool { return key.Name == args.Name }

func makeSSHKey(ctx context.Context, s *resource.Session, args SSHKeyArgs) (client.SSHKey, error) {
	return client.SSHKey{Name: args.Name}, s.CreateSSHKey(ctx, args.Zone, args.Name, args.PublicKey)
}

// changeSSHKey puts another public key under the same name. The API cannot, so it deletes the key and makes it again. That is not
// left to Pulumi as a replacement, because it would replace each server that was booted with the key, too.
func changeSSHKey(ctx context.Context, s *resource.Session, id resource.Identity, before SSHKeyState, args SSHKeyArgs) error {
	if sameKey(args.PublicKey, before.PublicKey) {
		return nil
	}
	if err := s.DeleteSSHKey(ctx, id.Place, id.Object); err != nil && !client.IsNotFound(err) {
		return err
	}
	find := func(ctx context.Context) (key client.SSHKey, found bool, err error) {
		keys, err := s.SSHKeys(ctx, id.Place)
		i := slices.IndexFunc(keys, func(key client.SSHKey) bool { return sameName(args, key) })
		return key, i >= 0, err
	}
	_, err := client.Create(ctx, s.Client, find, func(ctx context.Context) (client.SSHKey, error) { return makeSSHKey(ctx, s, args) })
	return err
}

// sameKey compares two public keys without their comments.
func sameKey(a, b string) bool {
	first, _, _, _, errFirst := ssh.ParseAuthorizedKey([]byte(a))
	second, _, _, _, errSecond := ssh.ParseAuthorizedKey([]byte(b))
	return errFirst == nil && errSecond == nil && string(first.Marshal()) == string(second.Marshal())
}
