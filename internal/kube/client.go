// Package kube finds what an interrupted update left in a cluster, and makes it ready for the next one: half-made objects, and
// Helm releases that say somebody works on them although nobody does. It speaks to the API with nothing but the standard library;
// client-go would cost every user's first compile more than the rest of the program.
package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/iransre/exchange-platform/internal/yaml"
)

// requestTimeout bounds one request.
const requestTimeout = 30 * time.Second

// Client talks to the API server of one cluster.
type Client struct {
	http          *http.Client
	server, token string

	mutex sync.Mutex
	kinds map[string][]kind // by API version, as the cluster tells them
}

// config is what is read of a kubeconfig.
type config struct {
	CurrentContext string `json:"current-context"`
	Contexts       []struct {
		Name    string
		Context struct{ Cluster, User string }
	}
	Clusters []struct {
		Name    string
		Cluster struct {
			Server                string
			TLSServerName         string `json:"tls-server-name"`
			CertificateAuthority  []byte `json:"certificate-authority-data"`
			InsecureSkipTLSVerify bool   `json:"insecure-skip-tls-verify"`
		}
	}
	Users []struct {
		Name string
		User struct {
			Certificate []byte `json:"client-certificate-data"`
			Key         []byte `json:"client-key-data"`
			Token       string
		}
	}
}

// New is a client for the current context of a kubeconfig that holds its certificates. Errors do not quote it: it is a credential.
func New(kubeconfig string) (*Client, error) {
	var c config
	if yaml.Unmarshal([]byte(kubeconfig), &c) != nil {
		return nil, errors.New("the kubeconfig is not one")
	}
	client, settings := &Client{kinds: map[string][]kind{}}, &tls.Config{MinVersion: tls.VersionTLS12}
	for _, context := range c.Contexts {
		if context.Name != c.CurrentContext {
			continue
		}
		for _, cluster := range c.Clusters {
			if cluster.Name == context.Context.Cluster {
				client.server = strings.TrimSuffix(cluster.Cluster.Server, "/")
				settings.ServerName = cluster.Cluster.TLSServerName
				settings.InsecureSkipVerify = cluster.Cluster.InsecureSkipTLSVerify
				if len(cluster.Cluster.CertificateAuthority) > 0 {
					settings.RootCAs = x509.NewCertPool()
					settings.RootCAs.AppendCertsFromPEM(cluster.Cluster.CertificateAuthority)
				}
			}
		}
		for _, user := range c.Users {
			if user.Name != context.Context.User {
				continue
			}
			client.token = user.User.Token
			if len(user.User.Certificate) > 0 {
				pair, err := tls.X509KeyPair(user.User.Certificate, user.User.Key)
				if err != nil {
					return nil, errors.New("the kubeconfig has no client certificate that works")
				}
				settings.Certificates = []tls.Certificate{pair}
			}
		}
	}
	if client.server == "" {
		return nil, errors.New("the kubeconfig names no cluster")
	}
	client.http = &http.Client{Timeout: requestTimeout, Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: settings, ForceAttemptHTTP2: true,
	}}
	return client, nil
}

// statusError is an answer that is not what was asked for.
type statusError struct {
	code    int
	message string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the cluster answered %d: %s", e.code, e.message)
}

func isNotFound(err error) bool {
	var status *statusError
	return errors.As(err, &status) && status.code == http.StatusNotFound
}

// Forms of what is sent and asked for.
const (
	mergePatch   = "application/merge-patch+json"
	metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	metadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
)

// get asks for a path; accept is the form of the answer, JSON as it is if empty. It returns the cluster's clock.
func (c *Client) get(ctx context.Context, path, accept string, into any) (time.Time, error) {
	return c.do(ctx, http.MethodGet, path, map[string]string{"Accept": accept}, nil, into)
}

func (c *Client) patch(ctx context.Context, path string, change any) error {
	_, err := c.do(ctx, http.MethodPatch, path, map[string]string{"Content-Type": mergePatch}, change, nil)
	return err
}

func (c *Client) remove(ctx context.Context, path string) error {
	_, err := c.do(ctx, http.MethodDelete, path, nil, nil, nil)
	if isNotFound(err) {
		return nil
	}
	return err
}

func (c *Client) do(ctx context.Context, method, path string, header map[string]string, body, into any) (time.Time, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return time.Time{}, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, content)
	if err != nil {
		return time.Time{}, err
	}
	for name, value := range header {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	request.Header.Set("User-Agent", "exchange-platform")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask the cluster: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		var status struct{ Message string }
		_ = json.NewDecoder(response.Body).Decode(&status) // there may be no words
		return time.Time{}, &statusError{response.StatusCode, status.Message}
	}
	clock, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		clock = time.Now()
	}
	if into == nil {
		return clock, nil
	}
	if text, is := into.(*string); is {
		read, err := io.ReadAll(response.Body)
		*text = string(read)
		return clock, err
	}
	return clock, json.NewDecoder(response.Body).Decode(into)
}

// metadata is what is read of any object's.
type metadata struct {
	Name, Namespace, ResourceVersion string
	Labels                           map[string]string
	CreationTimestamp                time.Time
	DeletionTimestamp                *time.Time
	ManagedFields                    []managedFields
}

// managedFields say who wrote what; the cluster keeps them.
type managedFields struct {
	Manager     string          `json:"manager"`
	Operation   string          `json:"operation"`
	APIVersion  string          `json:"apiVersion"`
	Time        time.Time       `json:"time"`
	FieldsType  string          `json:"fieldsType"`
	FieldsV1    json.RawMessage `json:"fieldsV1"`
	Subresource string          `json:"subresource,omitempty"`
}

// ours says whether the Kubernetes plugin wrote it.
func (m *managedFields) ours() bool { return isPlugin(m.Manager) }

// isPlugin tells whether a manager of fields is the Kubernetes plugin, which nobody but this stack's updates uses in this stack's cluster.
func isPlugin(manager string) bool { return strings.HasPrefix(manager, "pulumi-") }

// writer is the one who gave a label the value it has, and when they wrote last.
func (m *metadata) writer(label string) (by string, at time.Time) {
	by, at = "somebody", m.CreationTimestamp
	for _, entry := range m.ManagedFields {
		var owned struct {
			Metadata struct {
				Labels map[string]json.RawMessage `json:"f:labels"`
			} `json:"f:metadata"`
		}
		if json.Unmarshal(entry.FieldsV1, &owned) != nil {
			continue
		}
		if _, owns := owned.Metadata.Labels["f:"+label]; owns && !entry.Time.Before(at) {
			by, at = entry.Manager, entry.Time
		}
	}
	return by, at
}
