package kube

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// What those use who compare a cluster with what it should be.

// IsNotFound tells whether the cluster answered that something is not there.
func IsNotFound(err error) bool { return isNotFound(err) }

// IsConflict tells whether somebody else has written an object meanwhile.
func IsConflict(err error) bool {
	var status *statusError
	return errors.As(err, &status) && status.code == http.StatusConflict
}

// IsPlugin tells whether a manager of fields is the Kubernetes plugin.
func IsPlugin(manager string) bool { return isPlugin(manager) }

// Path is where an object is or would be; an error if the cluster does not know its kind.
func (c *Client) Path(ctx context.Context, o Object) (string, error) {
	path, err := c.path(ctx, o)
	if err == nil && path == "" {
		return "", fmt.Errorf("the cluster knows no %s of %s", o.Kind, o.APIVersion)
	}
	return path, err
}

// Get asks for a path.
func (c *Client) Get(ctx context.Context, path string, into any) error {
	_, err := c.get(ctx, path, "", into)
	return err
}

// Write sends an object in the name of a manager of fields: a POST, a PUT, or a PATCH, which is a server-side apply that takes the
// fields from whoever has them. With pretend, the cluster only says what would become of it.
func (c *Client) Write(ctx context.Context, method, path, manager string, pretend bool, object, into any) error {
	query := url.Values{"fieldManager": {manager}}
	header := map[string]string{"Content-Type": "application/json"}
	if method == http.MethodPatch {
		query.Set("force", "true")
		header["Content-Type"] = "application/apply-patch+yaml"
	}
	if pretend {
		query.Set("dryRun", "All")
	}
	_, err := c.do(ctx, method, path+"?"+query.Encode(), header, object, into)
	return err
}

// Manifest is what a revision of a release made, and who made it when.
type Manifest struct {
	Revision int
	By       string
	At       time.Time
	Text     string
}

// Manifests are those of the revision that the program made last, and of the one that is deployed now: the same one unless somebody
// used Helm by hand.
func (c *Client) Manifests(ctx context.Context, namespace, release string, revision int) (ours, now *Manifest, err error) {
	records, err := c.history(ctx, namespace, release)
	if err != nil {
		return nil, nil, err
	}
	for _, record := range records {
		if record.Revision != revision && (now != nil || record.Status != "deployed") {
			continue
		}
		manifest, err := c.manifest(ctx, record)
		if err != nil {
			return nil, nil, err
		}
		if record.Revision == revision {
			ours = manifest
		}
		if now == nil && record.Status == "deployed" {
			now = manifest
		}
	}
	if ours == nil {
		known := make([]string, len(records))
		for i, record := range records {
			known[i] = fmt.Sprint(record.Revision)
		}
		slices.Reverse(known)
		return nil, nil, fmt.Errorf("the cluster has no record of its revision %d, which the state names; it has: %s", revision, strings.Join(known, ", "))
	}
	return ours, now, nil
}

func (c *Client) manifest(ctx context.Context, record Record) (*Manifest, error) {
	var secret struct{ Data struct{ Release []byte } }
	if _, err := c.get(ctx, secrets(record.Namespace)+"/"+url.PathEscape(record.secret), "", &secret); err != nil {
		return nil, err
	}
	text, err := unpack(secret.Data.Release)
	if err != nil {
		return nil, fmt.Errorf("the record %s: %w", record.secret, err)
	}
	var release struct{ Manifest string }
	if err := json.Unmarshal(text, &release); err != nil {
		return nil, fmt.Errorf("the record %s: %w", record.secret, err)
	}
	return &Manifest{record.Revision, record.By, record.At, release.Manifest}, nil
}

// Text asks for a path that answers no JSON.
func (c *Client) Text(ctx context.Context, path string) (string, error) {
	var text string
	_, err := c.do(ctx, http.MethodGet, path, nil, nil, &text)
	return text, err
}

// CertificatesEnd is when the first of the certificates ends with which the API server and this client know each other.
func (c *Client) CertificatesEnd(ctx context.Context) (time.Time, error) {
	transport, is := c.http.Transport.(*http.Transport)
	if !is {
		return time.Time{}, errors.New("the client has no certificates")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server+"/version", nil)
	if err != nil {
		return time.Time{}, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask the cluster: %w", err)
	}
	defer response.Body.Close()
	if response.TLS == nil || len(response.TLS.PeerCertificates) == 0 {
		return time.Time{}, errors.New("the API server shows no certificate")
	}
	first := response.TLS.PeerCertificates[0].NotAfter
	for _, pair := range transport.TLSClientConfig.Certificates {
		mine, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			return time.Time{}, err
		}
		if mine.NotAfter.Before(first) {
			first = mine.NotAfter
		}
	}
	return first, nil
}
