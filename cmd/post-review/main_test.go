package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/drift"
	"github.com/iransre/exchange-platform/internal/review"
)

const (
	bot      = "github-actions[bot]"
	robot    = "project_7_bot"
	stranger = "mallory"
	secret   = "the-token"
	head     = "8f1c2d3e4a5b6c7d8e9f0a1b2c3d4e5f60718293"
)

// written is a comment or a note.
type written struct {
	id           int
	author, body string
}

// forge is a stand-in for what the two APIs have in common: comments of one change, in pages, and who asks. It refuses what they do.
type forge struct {
	t        *testing.T
	mu       sync.Mutex
	comments []written
	checks   []map[string]any
	// calls are the requests that changed something.
	calls []string
	// racing is written by somebody else of ours just before the first comment is.
	racing string
	next   int
	// of is what GitLab's notes are of.
	of string
}

func (f *forge) add(author, body string) {
	f.next++
	f.comments = append(f.comments, written{id: 1000 + f.next, author: author, body: body})
}

// refuse answers as both do: JSON with a message.
func refuse(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message": %q}`, message)
}

// page is the part of a list that a request asks for, with GitHub's and GitLab's limit of 100, and a link to the next one.
func page(w http.ResponseWriter, r *http.Request, base string, all []any) []any {
	query := r.URL.Query()
	size, err := strconv.Atoi(query.Get("per_page"))
	if err != nil || size > 100 {
		size = 30 // neither takes more
	}
	number, err := strconv.Atoi(query.Get("page"))
	if err != nil {
		number = 1
	}
	from, to := min((number-1)*size, len(all)), min(number*size, len(all))
	if to < len(all) {
		query.Set("page", strconv.Itoa(number+1))
		following := base + r.URL.Path + "?" + query.Encode()
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?page=1>; rel="first", <%s>; rel="next"`, base, r.URL.Path, following))
	}
	return all[from:to]
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value) //nolint:errcheck // a test
}

// body reads what was sent.
func body(w http.ResponseWriter, r *http.Request, most int) (map[string]any, bool) {
	text, err := io.ReadAll(r.Body)
	var sent map[string]any
	if err != nil || r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(text, &sent) != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON")
		return nil, false
	}
	if said, _ := sent["body"].(string); len([]rune(said)) > most {
		refuse(w, http.StatusUnprocessableEntity, "body is too long")
		return nil, false
	}
	return sent, true
}

func (f *forge) edit(w http.ResponseWriter, r *http.Request, author string, most int, view func(written) any) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	i := slices.IndexFunc(f.comments, func(each written) bool { return each.id == id })
	if i < 0 {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	if f.comments[i].author != author {
		refuse(w, http.StatusForbidden, "Forbidden")
		return
	}
	f.calls = append(f.calls, r.Method)
	if r.Method == http.MethodDelete {
		f.comments = slices.Delete(f.comments, i, i+1)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	sent, ok := body(w, r, most)
	if ok {
		f.comments[i].body = sent["body"].(string)
		answer(w, http.StatusOK, view(f.comments[i]))
	}
}

func (f *forge) post(w http.ResponseWriter, r *http.Request, author string, most int, view func(written) any) {
	sent, ok := body(w, r, most)
	if !ok {
		return
	}
	if f.racing != "" {
		f.add(author, f.racing)
		f.racing = ""
	}
	f.calls = append(f.calls, r.Method)
	f.add(author, sent["body"].(string))
	answer(w, http.StatusCreated, view(f.comments[len(f.comments)-1]))
}

func (f *forge) list(view func(written) any) []any {
	all := make([]any, len(f.comments))
	for i, each := range f.comments {
		all[i] = view(each)
	}
	return all
}

// gitHub serves pull request 12 of iransre/exchange-platform.
func gitHub(t *testing.T) (*forge, *httptest.Server) {
	f := &forge{t: t}
	view := func(each written) any {
		return map[string]any{"id": each.id, "body": each.body, "user": map[string]any{"login": each.author, "type": "Bot"}}
	}
	mux := http.NewServeMux()
	const repository = "/repos/iransre/exchange-platform"
	var server *httptest.Server
	mux.HandleFunc("GET "+repository+"/issues/12/comments", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, page(w, r, server.URL, f.list(view)))
	})
	mux.HandleFunc("POST "+repository+"/issues/12/comments", func(w http.ResponseWriter, r *http.Request) { f.post(w, r, bot, 65_536, view) })
	mux.HandleFunc(repository+"/issues/comments/{id}", func(w http.ResponseWriter, r *http.Request) { f.edit(w, r, bot, 65_536, view) })
	mux.HandleFunc("GET "+repository+"/commits/{sha}/check-runs", func(w http.ResponseWriter, r *http.Request) {
		found := []any{}
		for i, run := range f.checks {
			if run["head_sha"] == r.PathValue("sha") && run["name"] == r.URL.Query().Get("check_name") {
				found = append(found, map[string]any{"id": i + 1})
			}
		}
		answer(w, http.StatusOK, map[string]any{"total_count": len(found), "check_runs": found})
	})
	check := func(w http.ResponseWriter, r *http.Request) (map[string]any, bool) {
		sent, ok := body(w, r, 65_536)
		if !ok {
			return nil, false
		}
		output, _ := sent["output"].(map[string]any)
		summary, _ := output["summary"].(string)
		if len(summary) > 65_535 || !slices.Contains([]any{"success", "failure", "neutral", "action_required"}, sent["conclusion"]) || sent["status"] != "completed" {
			refuse(w, http.StatusUnprocessableEntity, "Invalid request")
			return nil, false
		}
		return sent, true
	}
	mux.HandleFunc("POST "+repository+"/check-runs", func(w http.ResponseWriter, r *http.Request) {
		if sent, ok := check(w, r); ok {
			f.checks = append(f.checks, sent)
			answer(w, http.StatusCreated, map[string]any{"id": len(f.checks)})
		}
	})
	mux.HandleFunc("PATCH "+repository+"/check-runs/{id}", func(w http.ResponseWriter, r *http.Request) {
		if sent, ok := check(w, r); ok {
			id, _ := strconv.Atoi(r.PathValue("id"))
			f.checks[id-1] = sent
			answer(w, http.StatusOK, map[string]any{"id": id})
		}
	})
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		switch {
		case r.Header.Get("User-Agent") == "":
			refuse(w, http.StatusForbidden, "Request forbidden by administrative rules")
		case r.Header.Get("Authorization") != "Bearer "+secret:
			refuse(w, http.StatusUnauthorized, "Bad credentials")
		case r.Header.Get("Accept") != "application/vnd.github+json" || r.Header.Get("X-GitHub-Api-Version") == "":
			refuse(w, http.StatusUnsupportedMediaType, "Unsupported 'Accept' header")
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("GITHUB_REPOSITORY", "iransre/exchange-platform")
	t.Setenv("GITHUB_API_URL", server.URL)
	t.Setenv("GITHUB_TOKEN", secret)
	return f, server
}

// gitLab serves merge request 12 of the project iransre/exchange-platform.
func gitLab(t *testing.T) (*forge, *httptest.Server) {
	f := &forge{t: t, of: "merge_requests"}
	view := func(each written) any {
		return map[string]any{"id": each.id, "body": each.body, "system": each.author == "", "author": map[string]any{"username": each.author}}
	}
	mux := http.NewServeMux()
	var server *httptest.Server
	mux.HandleFunc("GET /user", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"username": robot})
	})
	mux.HandleFunc("GET /notes", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, page(w, r, server.URL, f.list(view)))
	})
	mux.HandleFunc("POST /notes", func(w http.ResponseWriter, r *http.Request) { f.post(w, r, robot, 1_000_000, view) })
	mux.HandleFunc("/notes/{id}", func(w http.ResponseWriter, r *http.Request) { f.edit(w, r, robot, 1_000_000, view) })
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if r.Header.Get("PRIVATE-TOKEN") != secret {
			refuse(w, http.StatusUnauthorized, "401 Unauthorized")
			return
		}
		path, notes := r.URL.EscapedPath(), "/api/v4/projects/iransre%2Fexchange-platform/"+f.of+"/12"
		rest, ours := strings.CutPrefix(path, notes)
		if !ours {
			rest, ours = strings.CutPrefix(path, "/api/v4")
		}
		if !ours || r.Method == http.MethodPatch {
			refuse(w, http.StatusNotFound, "404 Not Found")
			return
		}
		// links lead back here by the whole path
		if r.Method == http.MethodGet && rest == "/notes" {
			recorded := httptest.NewRecorder()
			mux.ServeHTTP(recorded, &http.Request{Method: r.Method, URL: &url.URL{Path: rest, RawQuery: r.URL.RawQuery}, Header: r.Header})
			if link := recorded.Header().Get("Link"); link != "" {
				w.Header().Set("Link", strings.ReplaceAll(link, server.URL+"/notes", server.URL+notes+"/notes"))
			}
			w.WriteHeader(recorded.Code)
			w.Write(recorded.Body.Bytes()) //nolint:errcheck // a test
			return
		}
		r.URL.Path, r.URL.RawPath = rest, ""
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Setenv("GITHUB_REPOSITORY", "")
	t.Setenv("CI_PROJECT_ID", "iransre/exchange-platform")
	t.Setenv("CI_API_V4_URL", server.URL+"/api/v4")
	t.Setenv("GITLAB_TOKEN", secret)
	return f, server
}

// comment writes a review of a stack to a file.
func comment(t *testing.T, stack, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "review.md")
	assert.NilError(t, os.WriteFile(path, []byte(review.Mark(stack)+"\n"+text), 0o644))
	return path
}

// ofStack are the comments that begin with a stack's mark.
func (f *forge) ofStack(stack, author string) []string {
	var found []string
	for _, each := range f.comments {
		if each.author == author && strings.HasPrefix(each.body, review.Mark(stack)) {
			_, text, _ := strings.Cut(each.body, "\n")
			found = append(found, text)
		}
	}
	return found
}

func TestThereIsOneCommentOfAStack(t *testing.T) {
	for _, kind := range []struct {
		name, us string
		serve    func(*testing.T) (*forge, *httptest.Server)
	}{{"GitHub", bot, gitHub}, {"GitLab", robot, gitLab}} {
		t.Run(kind.name, func(t *testing.T) {
			f, _ := kind.serve(t)
			put := func(stack, text string) {
				t.Helper()
				assert.NilError(t, run(t.Context(), []string{"--comment", comment(t, stack, text), "--change", "12", stack}, io.Discard))
			}
			// much is said before, by others and by us; and one of them knows the mark
			for i := range 250 {
				f.add(stranger, fmt.Sprintf("remark %d", i))
			}
			f.add(stranger, review.Mark("prod")+"\nall is well, merge this")
			f.add(kind.us, "hello")

			put("prod", "first")
			put("demo", "another stack")
			for i := range 120 {
				f.add(stranger, fmt.Sprintf("later remark %d", i))
			}
			put("prod", "second")
			assert.DeepEqual(t, f.ofStack("prod", kind.us), []string{"second"})
			assert.DeepEqual(t, f.ofStack("demo", kind.us), []string{"another stack"})
			assert.DeepEqual(t, f.ofStack("prod", stranger), []string{"all is well, merge this"})

			f.calls = nil
			put("prod", "second")
			assert.Equal(t, len(f.calls), 0, "nothing has changed")

			// two jobs at the same moment; and what a crash left
			f.racing = review.Mark("test") + "\nthe other job's"
			put("test", "this job's")
			assert.DeepEqual(t, f.ofStack("test", kind.us), []string{"this job's"})
			f.add(kind.us, review.Mark("test")+"\na double")
			put("test", "the last")
			assert.DeepEqual(t, f.ofStack("test", kind.us), []string{"the last"})
		})
	}
}

// The nightly report stands in an issue, beside what people say there.
func TestTheReportOfDriftIsInAnIssue(t *testing.T) {
	for name, serve := range map[string]func(*testing.T) (*forge, *httptest.Server){"GitHub": gitHub, "GitLab": gitLab} {
		t.Run(name, func(t *testing.T) {
			f, _ := serve(t)
			f.of = "issues"
			f.add(stranger, drift.Mark("prod")+"\nnothing")
			path := filepath.Join(t.TempDir(), "drift.md")
			for _, text := range []string{"the first night", "the second night"} {
				assert.NilError(t, os.WriteFile(path, []byte(drift.Mark("prod")+"\n"+text), 0o644))
				assert.NilError(t, run(t.Context(), []string{"--comment", path, "--issue", "12", "prod"}, io.Discard))
			}
			assert.Equal(t, len(f.comments), 2)
			assert.Equal(t, f.comments[1].body, drift.Mark("prod")+"\nthe second night")
			err := run(t.Context(), []string{"--comment", comment(t, "prod", "text"), "--issue", "12", "prod"}, io.Discard)
			assert.ErrorContains(t, err, "does not begin with "+drift.Mark("prod"))
		})
	}
}

func TestTheCheckIsOfTheGate(t *testing.T) {
	f, _ := gitHub(t)
	put := func(code string) {
		t.Helper()
		assert.NilError(t, run(t.Context(), []string{"--comment", comment(t, "prod", "text"), "--change", "12", "--commit", head, "--code", code, "prod"}, io.Discard))
	}
	for _, test := range []struct{ code, conclusion, title string }{
		{"0", "success", "nothing that the gate holds up"},
		{"26", "action_required", "data is deleted or replaced"},
		{"2", "failure", "the preview failed"},
		{"137", "failure", "there is no review: exit code 137"},
	} {
		put(test.code)
		assert.Equal(t, len(f.checks), 1, "a second check")
		assert.Equal(t, f.checks[0]["name"], "review of prod")
		assert.Equal(t, f.checks[0]["head_sha"], head)
		assert.Equal(t, f.checks[0]["conclusion"], test.conclusion)
		assert.Equal(t, f.checks[0]["output"].(map[string]any)["title"], test.title)
	}
}

// A token goes to the server that it was made for, and nowhere else.
func TestTheTokenStaysWithItsServer(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("somebody else was asked, with %v", r.Header)
	}))
	defer elsewhere.Close()
	for name, handler := range map[string]http.HandlerFunc{
		"a next page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", fmt.Sprintf(`<%s/repos/x>; rel="next"`, elsewhere.URL))
			answer(w, http.StatusOK, []any{})
		},
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(handler)
			defer server.Close()
			t.Setenv("GITHUB_REPOSITORY", "iransre/exchange-platform")
			t.Setenv("GITHUB_API_URL", server.URL)
			t.Setenv("GITHUB_TOKEN", secret)
			err := run(t.Context(), []string{"--comment", comment(t, "prod", "text"), "--change", "12", "prod"}, io.Discard)
			assert.Assert(t, err != nil)
			assert.Check(t, !strings.Contains(err.Error(), secret), err)
		})
	}
}

func TestWhatCannotBePostedSaysWhy(t *testing.T) {
	_, server := gitHub(t)
	file := comment(t, "prod", "text")
	for _, test := range []struct {
		name      string
		arguments []string
		variables map[string]string
		says      string
	}{
		{"no stack", []string{"--comment", file, "--change", "12"}, nil, "which stack?"},
		{"no comment", []string{"--change", "12", "prod"}, nil, "--comment is missing"},
		{"no change", []string{"--comment", file, "prod"}, nil, "--change is missing"},
		{"two places", []string{"--comment", file, "--change", "12", "--issue", "3", "prod"}, nil, "which of them?"},
		{"no file", []string{"--comment", "/nowhere", "--change", "12", "prod"}, nil, "/nowhere"},
		{"of another stack", []string{"--comment", file, "--change", "12", "demo"}, nil, "does not begin with <!-- exchange-platform: the review of demo -->"},
		{"no token", []string{"--comment", file, "--change", "12", "prod"}, map[string]string{"GITHUB_TOKEN": " "}, "GITHUB_TOKEN is not set"},
		{"a wrong token", []string{"--comment", file, "--change", "12", "prod"}, map[string]string{"GITHUB_TOKEN": "old"}, "refused with 401 Unauthorized: {\"message\": \"Bad credentials\"}"},
		{"no such change", []string{"--comment", file, "--change", "13", "prod"}, nil, "404 Not Found"},
		{"nowhere", []string{"--comment", file, "--change", "12", "prod"}, map[string]string{"GITHUB_REPOSITORY": ""}, "neither GITHUB_REPOSITORY nor CI_PROJECT_ID"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("CI_PROJECT_ID", "")
			t.Setenv("CI_MERGE_REQUEST_IID", "")
			t.Setenv("GITHUB_API_URL", server.URL+"/")
			for name, value := range test.variables {
				t.Setenv(name, value)
			}
			assert.Check(t, is.ErrorContains(run(t.Context(), test.arguments, io.Discard), test.says))
		})
	}
}
