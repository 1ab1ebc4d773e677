package post

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// GitHub is a pull request there.
type GitHub struct {
	api
	repository, author string
	number             int
}

// NewGitHub is the pull request of that number of owner/name. The token of a workflow cannot ask whose it is, so the author is told:
// "github-actions[bot]" is a workflow's.
func NewGitHub(client *http.Client, base, token, repository string, number int, author string) *GitHub {
	return &GitHub{
		api: api{client: client, base: strings.TrimRight(base, "/"), header: map[string]string{
			"Authorization": "Bearer " + token, "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28",
			"User-Agent": "exchange-platform-review",
		}},
		repository: repository, number: number, author: author,
	}
}

func (g *GitHub) at(form string, values ...any) string {
	return g.base + "/repos/" + g.repository + fmt.Sprintf(form, values...)
}

func (g *GitHub) mine(context.Context) (string, error) { return g.author, nil }

func (g *GitHub) comments(ctx context.Context) ([]Comment, error) {
	type listed struct {
		ID   int64
		Body string
		User struct{ Login string }
	}
	found, err := all[listed](ctx, &g.api, g.at("/issues/%d/comments?per_page=100", g.number))
	var comments []Comment
	for _, each := range found {
		comments = append(comments, Comment{ID: each.ID, Body: each.Body, Author: each.User.Login})
	}
	return comments, err
}

func (g *GitHub) create(ctx context.Context, body string) error {
	_, err := g.call(ctx, http.MethodPost, g.at("/issues/%d/comments", g.number), map[string]string{"body": body}, nil)
	return err
}

func (g *GitHub) update(ctx context.Context, id int64, body string) error {
	_, err := g.call(ctx, http.MethodPatch, g.at("/issues/comments/%d", id), map[string]string{"body": body}, nil)
	return err
}

func (g *GitHub) remove(ctx context.Context, id int64) error {
	_, err := g.call(ctx, http.MethodDelete, g.at("/issues/comments/%d", id), nil, nil)
	return err
}

// Check is what the list of checks shows of a review.
type Check struct {
	Name string
	// Commit is the change's head, in full.
	Commit string
	// Conclusion is "success", "neutral", "action_required" or "failure".
	Conclusion     string
	Title, Summary string
}

// PutCheck has one check of that name on the commit.
func (g *GitHub) PutCheck(ctx context.Context, check Check) error {
	var found struct {
		Runs []struct{ ID int64 } `json:"check_runs"`
	}
	query := url.Values{"check_name": {check.Name}, "filter": {"latest"}}
	if _, err := g.call(ctx, http.MethodGet, g.at("/commits/%s/check-runs?%s", check.Commit, query.Encode()), nil, &found); err != nil {
		return err
	}
	run := map[string]any{
		"name": check.Name, "head_sha": check.Commit, "status": "completed", "conclusion": check.Conclusion,
		"output": map[string]string{"title": check.Title, "summary": check.Summary},
	}
	if len(found.Runs) == 0 {
		_, err := g.call(ctx, http.MethodPost, g.at("/check-runs"), run, nil)
		return err
	}
	_, err := g.call(ctx, http.MethodPatch, g.at("/check-runs/%d", found.Runs[0].ID), run, nil)
	return err
}
