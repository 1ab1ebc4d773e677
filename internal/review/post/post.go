// Package post puts a review where a change is reviewed: a comment and a check on GitHub, a note on GitLab. There is one of a stack at most,
// which a later review takes the place of. It knows nothing of the change but the text that it is given.
package post

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// Comment is one that is there.
type Comment struct {
	ID     int64
	Body   string
	Author string
}

// forge is where changes are reviewed, as far as comments on one of them go.
type forge interface {
	// mine is the author of what is written with the token at hand.
	mine(ctx context.Context) (string, error)
	comments(ctx context.Context) ([]Comment, error)
	create(ctx context.Context, body string) error
	update(ctx context.Context, id int64, body string) error
	remove(ctx context.Context, id int64) error
}

// Put has exactly one comment of ours begin with the mark, the oldest, with this body. Others' comments are left alone, whatever they
// begin with: anybody may write the mark.
func Put(ctx context.Context, at forge, mark, body string) error {
	if !strings.HasPrefix(body, mark+"\n") {
		return fmt.Errorf("the comment does not begin with %s: it is none of this stack's reviews", mark)
	}
	ours, err := find(ctx, at, mark)
	if err != nil {
		return err
	}
	if len(ours) == 0 {
		if err := at.create(ctx, body); err != nil {
			return err
		}
		// somebody may have done so at the same moment
		if ours, err = find(ctx, at, mark); err != nil {
			return err
		}
		if len(ours) < 2 {
			return nil
		}
	}
	for _, double := range ours[1:] {
		if err := at.remove(ctx, double.ID); err != nil {
			return err
		}
	}
	if ours[0].Body == body {
		return nil
	}
	return at.update(ctx, ours[0].ID, body)
}

// find are our comments with the mark, the oldest first.
func find(ctx context.Context, at forge, mark string) ([]Comment, error) {
	author, err := at.mine(ctx)
	if err != nil {
		return nil, err
	}
	all, err := at.comments(ctx)
	if err != nil {
		return nil, err
	}
	var ours []Comment
	for _, comment := range all {
		if comment.Author == author && strings.HasPrefix(comment.Body, mark) {
			ours = append(ours, comment)
		}
	}
	return ours, nil
}

// api is one of the two, over HTTP.
type api struct {
	client *http.Client
	base   string
	header map[string]string
}

// errStatus is an answer that is none of success.
var errStatus = errors.New("refused")

// call sends a request and reads the answer into into, if that is not nil. It returns where the next page is.
func (a *api) call(ctx context.Context, method, address string, body, into any) (next string, err error) {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return "", err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, sent)
	if err != nil {
		return "", err
	}
	for name, value := range a.header {
		request.Header.Set(name, value)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := a.client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 32<<20))
	if err != nil {
		return "", err
	}
	if answer.StatusCode/100 != 2 {
		return "", fmt.Errorf("%s %s: %w with %s: %s", method, request.URL.Path, errStatus, answer.Status, brief(text))
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			return "", fmt.Errorf("%s %s: %w", method, request.URL.Path, err)
		}
	}
	return a.next(answer.Header.Get("Link"))
}

var link = regexp.MustCompile(`<([^>]*)>\s*;[^,]*\brel="?next"?`)

// next is the address of the next page. The token goes there too, so it must be the same server's.
func (a *api) next(header string) (string, error) {
	found := link.FindStringSubmatch(header)
	if found == nil {
		return "", nil
	}
	if !strings.HasPrefix(found[1], a.base+"/") {
		return "", fmt.Errorf("the next page is said to be at %s, which is not below %s", found[1], a.base)
	}
	return found[1], nil
}

// all reads every page of a list.
func all[T any](ctx context.Context, a *api, address string) ([]T, error) {
	var items []T
	for address != "" {
		var page []T
		next, err := a.call(ctx, http.MethodGet, address, nil, &page)
		if err != nil {
			return nil, err
		}
		items = append(items, page...)
		address = next
	}
	return items, nil
}

// brief is what an answer says, on one line.
func brief(text []byte) string {
	const most = 300
	line := strings.Join(strings.Fields(string(text)), " ")
	if len(line) > most {
		line = line[:most] + "…"
	}
	return line
}
