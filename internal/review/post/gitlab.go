package post

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// GitLab is a merge request there, or an issue.
type GitLab struct {
	api
	project, of string
	number      int
}

// NewGitLab is the merge request of that number (its iid) of a project, by its id or its path. The token is a project's, with the
// scope "api" and the role of a reporter: a job's own may not write notes.
func NewGitLab(client *http.Client, base, token, project string, number int) *GitLab {
	return &GitLab{
		api:     api{client: client, base: strings.TrimRight(base, "/"), header: map[string]string{"PRIVATE-TOKEN": token}},
		project: url.PathEscape(project), of: "merge_requests", number: number,
	}
}

// Issue has it be the issue of that number; on GitHub a pull request is one.
func (g *GitLab) Issue() *GitLab {
	g.of = "issues"
	return g
}

func (g *GitLab) notes(form string, values ...any) string {
	return fmt.Sprintf("%s/projects/%s/%s/%d/notes", g.base, g.project, g.of, g.number) + fmt.Sprintf(form, values...)
}

func (g *GitLab) mine(ctx context.Context) (string, error) {
	var user struct{ Username string }
	_, err := g.call(ctx, http.MethodGet, g.base+"/user", nil, &user)
	return user.Username, err
}

func (g *GitLab) comments(ctx context.Context) ([]Comment, error) {
	type listed struct {
		ID     int64
		Body   string
		System bool
		Author struct{ Username string }
	}
	found, err := all[listed](ctx, &g.api, g.notes("?sort=asc&order_by=created_at&per_page=100"))
	var comments []Comment
	for _, each := range found {
		if !each.System {
			comments = append(comments, Comment{ID: each.ID, Body: each.Body, Author: each.Author.Username})
		}
	}
	return comments, err
}

func (g *GitLab) create(ctx context.Context, body string) error {
	_, err := g.call(ctx, http.MethodPost, g.notes(""), map[string]string{"body": body}, nil)
	return err
}

func (g *GitLab) update(ctx context.Context, id int64, body string) error {
	_, err := g.call(ctx, http.MethodPut, g.notes("/%d", id), map[string]string{"body": body}, nil)
	return err
}

func (g *GitLab) remove(ctx context.Context, id int64) error {
	_, err := g.call(ctx, http.MethodDelete, g.notes("/%d", id), nil, nil)
	return err
}
