package kube

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Record is what Helm keeps of one revision of a release, in a Secret.
type Record struct {
	Namespace, Release string
	Revision           int
	Status             string
	By                 string    // who gave it this status, as the cluster knows them
	At                 time.Time // when, by the cluster's clock
	Age                time.Duration

	secret string
}

// busy are the statuses in which Helm takes a release for one that somebody works on.
var busy = []string{"pending-install", "pending-upgrade", "pending-rollback", "uninstalling"}

// Busy says whether somebody works on the release, or did when they were interrupted.
func (r *Record) Busy() bool { return slices.Contains(busy, r.Status) }

// ours says whether this stack's plugin did.
func (r *Record) ours() bool { return isPlugin(r.By) }

// Busy are the records of all releases that somebody works on, or did when they were interrupted.
func (c *Client) Busy(ctx context.Context) ([]Record, error) {
	return c.records(ctx, "/api/v1/secrets", "owner=helm,status in ("+strings.Join(busy, ",")+")")
}

// history is what Helm keeps of a release, the newest first.
func (c *Client) history(ctx context.Context, namespace, release string) ([]Record, error) {
	return c.records(ctx, secrets(namespace), "owner=helm,name="+release)
}

func secrets(namespace string) string {
	return "/api/v1/namespaces/" + url.PathEscape(namespace) + "/secrets"
}

func (c *Client) records(ctx context.Context, path, selector string) ([]Record, error) {
	var list struct{ Items []struct{ Metadata metadata } }
	clock, err := c.get(ctx, path+"?labelSelector="+url.QueryEscape(selector), metadataList, &list)
	if err != nil {
		return nil, err
	}
	var records []Record
	for _, item := range list.Items {
		meta := item.Metadata
		revision, err := strconv.Atoi(meta.Labels["version"])
		if err != nil {
			continue // none of Helm's
		}
		by, at := meta.writer("status")
		records = append(records, Record{
			Namespace: meta.Namespace, Release: meta.Labels["name"], Revision: revision, Status: meta.Labels["status"],
			By: by, At: at, Age: clock.Sub(at), secret: meta.Name,
		})
	}
	slices.SortFunc(records, func(a, b Record) int { return b.Revision - a.Revision })
	return records, nil
}

// forget removes all that Helm keeps of a release. Its objects stay, with Helm's marks: an install of the same name takes them over.
func (c *Client) forget(ctx context.Context, records []Record) error {
	for _, record := range records {
		if err := c.remove(ctx, secrets(record.Namespace)+"/"+url.PathEscape(record.secret)); err != nil {
			return err
		}
	}
	return nil
}

// fail writes into a record that its operation failed, which is what Helm itself would have written: an upgrade can follow.
func (c *Client) fail(ctx context.Context, record *Record) error {
	path := secrets(record.Namespace) + "/" + url.PathEscape(record.secret)
	var secret struct {
		Metadata metadata
		Data     struct{ Release []byte }
	}
	if _, err := c.get(ctx, path, "", &secret); err != nil {
		return err
	}
	content, err := failed(secret.Data.Release)
	if err != nil {
		return fmt.Errorf("the record %s: %w", record.secret, err)
	}
	return c.patch(ctx, path, map[string]any{
		"metadata": map[string]any{
			"resourceVersion": secret.Metadata.ResourceVersion, // or somebody else has written it meanwhile
			"labels":          map[string]string{"status": "failed", "modifiedAt": strconv.FormatInt(time.Now().Unix(), 10)},
		},
		"data": map[string][]byte{"release": content},
	})
}

// unpack is the JSON in a record: it is compressed, in base64.
func unpack(content []byte) ([]byte, error) {
	compressed, err := base64.StdEncoding.DecodeString(string(content))
	if err != nil {
		return nil, err
	}
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// failed is the content of a record with another status.
func failed(content []byte) ([]byte, error) {
	text, err := unpack(content)
	if err != nil {
		return nil, err
	}
	var release, info map[string]json.RawMessage
	if err := json.Unmarshal(text, &release); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(release["info"], &info); err != nil {
		return nil, err
	}
	info["status"], info["description"] = json.RawMessage(`"failed"`), json.RawMessage(`"interrupted"`)
	if release["info"], err = json.Marshal(info); err != nil {
		return nil, err
	}
	if text, err = json.Marshal(release); err != nil {
		return nil, err
	}
	var into bytes.Buffer
	writer := gzip.NewWriter(&into)
	if _, err := writer.Write(text); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return []byte(base64.StdEncoding.EncodeToString(into.Bytes())), nil
}

// Recovery makes what an interrupted update left ready for this one.
type Recovery struct {
	Client *Client
	// Stack and Marks are what this stack's objects carry: StackLabel, and other labels.
	Stack string
	Marks map[string]string
	// Patience is how long an operation on a release can take.
	Patience time.Duration
	// Leftover says what an interrupted update of this stack may have left running that still works on its releases; empty if
	// there is nothing.
	Leftover func() string
	// Say tells the user what is done.
	Say func(message string)
	// Pause is how long to wait before something is looked at again.
	Pause time.Duration
}

// others is how long somebody else's operation on a release is left alone.
const others = time.Hour

// BeforeInstall clears the way for an install of a release that the state does not know.
func (r *Recovery) BeforeInstall(ctx context.Context, namespace, release string) error {
	records, err := r.idle(ctx, namespace, release)
	if err != nil || len(records) == 0 {
		return err
	}
	newest := records[0]
	if !newest.ours() {
		return fmt.Errorf("release %s/%s is in the cluster already, and this stack did not install it (%s did, it is %s): it is left as it is. "+
			"Uninstall it, or import it with the id %[1]s/%[2]s (docs/state.md, Import)", namespace, release, newest.By, newest.Status)
	}
	if err := r.Client.forget(ctx, records); err != nil {
		return fmt.Errorf("release %s/%s: remove the record of an interrupted install: %w", namespace, release, err)
	}
	r.Say(fmt.Sprintf("release %s/%s: an interrupted update of this stack had left it %s, revision %d; it is installed again over what is there",
		namespace, release, newest.Status, newest.Revision))
	return nil
}

// BeforeUpgrade clears the way for an upgrade of a release that the state knows.
func (r *Recovery) BeforeUpgrade(ctx context.Context, namespace, release string) error {
	records, err := r.idle(ctx, namespace, release)
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return fmt.Errorf("release %s/%s is in the stack's state but not in the cluster: `pulumi up --refresh` takes note of it and installs it again", namespace, release)
	}
	newest := records[0]
	if !newest.Busy() {
		return nil
	}
	if err := r.Client.fail(ctx, &newest); err != nil {
		return fmt.Errorf("release %s/%s: mark its interrupted revision %d as failed: %w", namespace, release, newest.Revision, err)
	}
	r.Say(fmt.Sprintf("release %s/%s: revision %d had been left %s; marked as failed, the upgrade goes on from there", namespace, release, newest.Revision, newest.Status))
	return nil
}

// idle is a release's history once nobody works on it any more. Whoever works on it now is waited for or, if it is none of ours,
// reported.
func (r *Recovery) idle(ctx context.Context, namespace, release string) ([]Record, error) {
	said := ""
	for {
		records, err := r.Client.history(ctx, namespace, release)
		if err != nil {
			return nil, fmt.Errorf("release %s/%s: ask for its history: %w", namespace, release, err)
		}
		if len(records) == 0 || !records[0].Busy() {
			return records, nil
		}
		newest := records[0]
		if !newest.ours() {
			if newest.Age < others {
				return nil, fmt.Errorf("release %s/%s: %s works on it since %s (revision %d is %s): run `pulumi up` again when it has ended. "+
					"If nobody works on it any more: `helm rollback %[2]s -n %[1]s`", namespace, release, newest.By, newest.At.Format(time.TimeOnly), newest.Revision, newest.Status)
			}
			return records, nil
		}
		leftover := r.Leftover()
		if leftover == "" || newest.Age > r.Patience {
			return records, nil
		}
		if leftover != said {
			said = leftover
			r.Say(fmt.Sprintf("release %s/%s is %s since %s, by an update that was interrupted, and %s: waiting until %s at the latest", namespace, release,
				newest.Status, newest.At.Format(time.TimeOnly), leftover, newest.At.Add(r.Patience).Format(time.TimeOnly)))
		}
		if err := r.pause(ctx); err != nil {
			return nil, fmt.Errorf("release %s/%s: %w", namespace, release, err)
		}
	}
}

// pause waits a moment.
func (r *Recovery) pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return errors.Join(ctx.Err(), context.Cause(ctx))
	case <-time.After(r.Pause):
		return nil
	}
}
