package provider

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/crypto/ssh"

	"github.com/iransre/exchange-platform/provider/client"
)

// SSHKey is the resource arvancloud:iaas:SshKey.
type SSHKey struct{}

// SSHKeyArgs are the inputs of an SSHKey.
type SSHKeyArgs struct {
	Zone      string `pulumi:"zone,optional" provider:"replaceOnChanges"`
	Name      string `pulumi:"name" provider:"replaceOnChanges"`
	PublicKey string `pulumi:"publicKey"`
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
	a.Describe(&k, documented("A public SSH key that servers of one zone can be booted with.", formSSHKey, "iaas:SshKey",
		"name: admin\npublicKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl admin@example"))
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

// WireDependencies tells which outputs a changed input changes, so that a preview of an update knows the others.
func (*SSHKey) WireDependencies(f infer.FieldSelector, args *SSHKeyArgs, state *SSHKeyState) {
	f.OutputField(&state.Fingerprint).DependsOn(f.InputField(&args.PublicKey).Computed())
}

// Check refuses a key that is not one.
func (*SSHKey) Check(ctx context.Context, request infer.CheckRequest) (infer.CheckResponse[SSHKeyArgs], error) {
	return checkInputs(ctx, request, func(c *checker, args *SSHKeyArgs) {
		c.zone(ctx, &args.Zone)
		c.name("name", args.Name)
		if c.known("publicKey") {
			args.PublicKey = strings.TrimSpace(args.PublicKey)
			if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(args.PublicKey)); err != nil {
				c.fail("publicKey", "this is not a public key in OpenSSH format (\"ssh-ed25519 AAAA… comment\"): %v", err)
			}
		}
		c.takes(ctx, kindSSHKey, "name", args.Zone, quotaKeys)
	})
}

// Create makes the key.
func (*SSHKey) Create(
	ctx context.Context, request infer.CreateRequest[SSHKeyArgs],
) (infer.CreateResponse[SSHKeyState], error) {
	args := request.Inputs
	state := SSHKeyState{SSHKeyArgs: args, Zone: args.Zone}
	if request.DryRun {
		return infer.CreateResponse[SSHKeyState]{Output: state}, nil
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	s, id := sessionOf(ctx), identity{args.Zone, args.Name}
	fingerprint, err := s.putSSHKey(ctx, args)
	if err != nil {
		return infer.CreateResponse[SSHKeyState]{}, err
	}
	state.Fingerprint = fingerprint
	s.own(kindSSHKey, id.String())
	return infer.CreateResponse[SSHKeyState]{ID: id.String(), Output: state}, nil
}

// putSSHKey makes the key unless it is there, and returns its fingerprint.
func (s *session) putSSHKey(ctx context.Context, args SSHKeyArgs) (string, error) {
	find := func(ctx context.Context) (client.SSHKey, bool, error) {
		keys, err := s.SSHKeys(ctx, args.Zone)
		for _, key := range keys {
			if key.Name == args.Name {
				return key, true, err
			}
		}
		return client.SSHKey{}, false, err
	}
	_, err := client.Create(ctx, s.Client, find, func(ctx context.Context) (client.SSHKey, error) {
		return client.SSHKey{}, s.CreateSSHKey(ctx, args.Zone, args.Name, args.PublicKey)
	})
	refusal := err
	if err != nil && !client.HasStatus(err, http.StatusConflict) {
		return "", err
	}
	key, found, err := find(ctx)
	id := identity{args.Zone, args.Name}
	switch {
	case err != nil:
		return "", err
	case !found:
		return "", fmt.Errorf("the SSH key %q was made in zone %s but is not listed: %w", args.Name, args.Zone, refusal)
	case refusal == nil:
		return key.Fingerprint, nil
	case s.isOwned(kindSSHKey, id.String()) || !sameKey(key.PublicKey, args.PublicKey):
		return "", fmt.Errorf("zone %s has another SSH key named %q: choose another name, delete that key, or take it over with "+
			"`pulumi import arvancloud:iaas:SshKey NAME %s`", args.Zone, args.Name, id)
	}
	p.GetLogger(ctx).Warningf("took over the SSH key %s, which an earlier attempt left", id)
	return key.Fingerprint, nil
}

// sameKey compares two public keys without their comments.
func sameKey(a, b string) bool {
	first, _, _, _, errFirst := ssh.ParseAuthorizedKey([]byte(a))
	second, _, _, _, errSecond := ssh.ParseAuthorizedKey([]byte(b))
	return errFirst == nil && errSecond == nil && string(first.Marshal()) == string(second.Marshal())
}

// Read looks the key up.
func (*SSHKey) Read(
	ctx context.Context, request infer.ReadRequest[SSHKeyArgs, SSHKeyState],
) (infer.ReadResponse[SSHKeyArgs, SSHKeyState], error) {
	id, err := parseIdentity(request.ID, formSSHKey)
	if err != nil {
		return infer.ReadResponse[SSHKeyArgs, SSHKeyState]{}, err
	}
	s := sessionOf(ctx)
	keys, err := s.keys.get(ctx, s, id.place, s.SSHKeys)
	if err != nil {
		return infer.ReadResponse[SSHKeyArgs, SSHKeyState]{}, err
	}
	for _, key := range keys {
		if key.Name != id.object {
			continue
		}
		args := SSHKeyArgs{Zone: id.place, Name: key.Name, PublicKey: request.Inputs.PublicKey}
		if !sameKey(key.PublicKey, args.PublicKey) {
			args.PublicKey = key.PublicKey
		}
		return infer.ReadResponse[SSHKeyArgs, SSHKeyState]{ID: request.ID, Inputs: args,
			State: SSHKeyState{SSHKeyArgs: args, Zone: args.Zone, Fingerprint: key.Fingerprint}}, nil
	}
	return infer.ReadResponse[SSHKeyArgs, SSHKeyState]{}, nil
}

// Update puts another public key under the same name. The API cannot, so it deletes the key and makes it again. That is not
// left to Pulumi as a replacement, because it would replace each server that was booted with the key, too.
func (*SSHKey) Update(
	ctx context.Context, request infer.UpdateRequest[SSHKeyArgs, SSHKeyState],
) (infer.UpdateResponse[SSHKeyState], error) {
	args := request.Inputs
	state := SSHKeyState{SSHKeyArgs: args, Zone: args.Zone, Fingerprint: request.State.Fingerprint}
	if request.DryRun {
		return infer.UpdateResponse[SSHKeyState]{Output: state}, nil
	}
	if sameKey(args.PublicKey, request.State.PublicKey) {
		return infer.UpdateResponse[SSHKeyState]{Output: state}, nil
	}
	ctx, cancel := withDefaultTimeout(ctx, createTimeout)
	defer cancel()
	s := sessionOf(ctx)
	if err := s.DeleteSSHKey(ctx, args.Zone, args.Name); err != nil && !client.IsNotFound(err) {
		return infer.UpdateResponse[SSHKeyState]{}, err
	}
	fingerprint, err := s.putSSHKey(ctx, args)
	state.Fingerprint = fingerprint
	return infer.UpdateResponse[SSHKeyState]{Output: state}, err
}

// Delete removes the key.
func (*SSHKey) Delete(ctx context.Context, request infer.DeleteRequest[SSHKeyState]) (infer.DeleteResponse, error) {
	id, err := parseIdentity(request.ID, formSSHKey)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withDefaultTimeout(ctx, deleteTimeout)
	defer cancel()
	if err := sessionOf(ctx).DeleteSSHKey(ctx, id.place, id.object); err != nil && !client.IsNotFound(err) {
		return infer.DeleteResponse{}, err
	}
	return infer.DeleteResponse{}, nil
}
