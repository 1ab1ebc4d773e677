// Package remote runs commands on other machines over SSH: command:remote:Command.
package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/retry"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// The defaults of a connection.
const (
	defaultUser           = "root"
	defaultPort           = 22
	defaultDialErrorLimit = 10
	defaultPerDialTimeout = 15
	unlimitedDialErrors   = -1
)

// Target is a machine and how to get into it.
type Target struct {
	User               *string  `pulumi:"user,optional"`
	Password           *string  `pulumi:"password,optional"           provider:"secret"`
	Host               *string  `pulumi:"host"`
	Port               *float64 `pulumi:"port,optional"`
	PrivateKey         *string  `pulumi:"privateKey,optional"         provider:"secret"`
	PrivateKeyPassword *string  `pulumi:"privateKeyPassword,optional" provider:"secret"`
	AgentSocketPath    *string  `pulumi:"agentSocketPath,optional"`
	DialErrorLimit     *int     `pulumi:"dialErrorLimit,optional"`
	PerDialTimeout     *int     `pulumi:"perDialTimeout,optional"`
	HostKey            *string  `pulumi:"hostKey,optional"`
}

// Connection is the way to a machine, perhaps by way of another.
type Connection struct {
	Target
	Proxy *ProxyConnection `pulumi:"proxy,optional"`
}

// ProxyConnection is the way to the machine in between.
type ProxyConnection struct{ Target }

// Annotate sets the defaults, which end up in the inputs.
func (c *Connection) Annotate(a infer.Annotator) {
	a.SetDefault(&c.User, defaultUser)
	a.SetDefault(&c.Port, defaultPort)
	a.SetDefault(&c.DialErrorLimit, defaultDialErrorLimit)
	a.SetDefault(&c.PerDialTimeout, defaultPerDialTimeout)
}

// Annotate sets the defaults, which end up in the inputs.
func (c *ProxyConnection) Annotate(a infer.Annotator) {
	a.SetDefault(&c.User, defaultUser)
	a.SetDefault(&c.Port, defaultPort)
	a.SetDefault(&c.DialErrorLimit, defaultDialErrorLimit)
	a.SetDefault(&c.PerDialTimeout, defaultPerDialTimeout)
}

func (t Target) address() string {
	return net.JoinHostPort(*t.Host, strconv.Itoa(int(valueOr(t.Port, defaultPort))))
}

// clientConfig is the host's side of the SSH handshake, and what must be closed once it is over.
func (t Target) clientConfig() (*ssh.ClientConfig, func(), error) {
	release := func() {}
	config := &ssh.ClientConfig{
		User:            valueOr(t.User, defaultUser),
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // what the official one does without a host key
		Timeout:         time.Duration(valueOr(t.PerDialTimeout, defaultPerDialTimeout)) * time.Second,
	}
	if t.HostKey != nil {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*t.HostKey))
		if err != nil {
			return nil, nil, fmt.Errorf("failed to parse host key: %w", err)
		}
		config.HostKeyCallback = ssh.FixedHostKey(key)
		config.HostKeyAlgorithms = []string{key.Type()}
	}
	if t.PrivateKey != nil {
		signer, err := t.signer()
		if err != nil {
			return nil, nil, err
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if t.Password != nil {
		config.Auth = append(config.Auth, ssh.Password(*t.Password), ssh.KeyboardInteractive(t.answer))
	}
	if socket := valueOr(t.AgentSocketPath, os.Getenv("SSH_AUTH_SOCK")); socket != "" {
		connection, err := net.Dial("unix", socket)
		if err != nil {
			return nil, nil, err
		}
		release = func() { _ = connection.Close() }
		config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(connection).Signers))
	}
	return config, release, nil
}

func (t Target) signer() (ssh.Signer, error) {
	if t.PrivateKeyPassword != nil {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(*t.PrivateKey), []byte(*t.PrivateKeyPassword))
	}
	return ssh.ParsePrivateKey([]byte(*t.PrivateKey))
}

// answer gives the password to whatever a keyboard-interactive login asks.
func (t Target) answer(_, _ string, questions []string, _ []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range answers {
		answers[i] = *t.Password
	}
	return answers, nil
}

// Dial opens the connection, trying as often as it allows. The returned client must be closed.
func (c *Connection) Dial(ctx context.Context) (*ssh.Client, error) {
	config, release, err := c.clientConfig()
	if err != nil {
		return nil, err
	}
	defer release()
	tries := valueOr(c.DialErrorLimit, defaultDialErrorLimit)
	if c.Proxy == nil {
		return withRetries(ctx, "Dial", tries, func() (*ssh.Client, error) {
			return ssh.Dial("tcp", c.address(), config)
		})
	}
	client, err := c.dialThroughProxy(ctx, config, tries)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	return client, nil
}

func (c *Connection) dialThroughProxy(ctx context.Context, config *ssh.ClientConfig, tries int) (*ssh.Client, error) {
	proxyConfig, release, err := c.Proxy.clientConfig()
	if err != nil {
		return nil, err
	}
	defer release()
	proxyTries := valueOr(c.Proxy.DialErrorLimit, defaultDialErrorLimit)
	proxy, err := withRetries(ctx, "Dial proxy", proxyTries, func() (*ssh.Client, error) {
		return ssh.Dial("tcp", c.Proxy.address(), proxyConfig)
	})
	if err != nil {
		return nil, err
	}
	client, err := withRetries(ctx, "Dial from proxy", tries, func() (*ssh.Client, error) {
		tunnel, err := proxy.Dial("tcp", c.address())
		if err != nil {
			return nil, err
		}
		connection, channels, requests, err := ssh.NewClientConn(tunnel, c.address(), config)
		if err != nil {
			return nil, errors.Join(err, tunnel.Close())
		}
		return ssh.NewClient(connection, channels, requests), nil
	})
	if err != nil {
		return nil, errors.Join(err, proxy.Close())
	}
	go func() {
		_ = client.Wait()
		_ = proxy.Close()
	}()
	return client, nil
}

// withRetries calls dial until it succeeds, has failed more than limit times, or ctx ends.
func withRetries(
	ctx context.Context, what string, limit int, dial func() (*ssh.Client, error),
) (*ssh.Client, error) {
	shownLimit := strconv.Itoa(limit)
	if limit == unlimitedDialErrors {
		shownLimit = "inf"
	}
	var last error
	done, client, err := retry.Until(ctx, retry.Acceptor{
		Accept: func(try int, _ time.Duration) (bool, any, error) {
			var client *ssh.Client
			if client, last = dial(); last == nil {
				return true, client, nil
			}
			if limit > unlimitedDialErrors && try+1 > limit {
				return true, nil, fmt.Errorf("after %d failed attempts: %w", try, last)
			}
			p.GetLogger(ctx).InfoStatusf("%s %d/%s failed: retrying", what, try+1, shownLimit)
			return false, nil, nil
		},
	})
	switch {
	case err != nil:
		return nil, err
	case !done:
		return nil, errors.Join(ctx.Err(), last)
	}
	return client.(*ssh.Client), nil
}

func valueOr[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}
