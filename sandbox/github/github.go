// Package github stands in for GitHub where a runner registers: the part of its API that manages runners, and a tiny archive in place of the
// runner's own. It refuses what GitHub refuses. Like an Enterprise Server, it has its API below /api/v3.
package github

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is GitHub with one repository.
type Server struct {
	// Repository is "owner/name"; Token may manage its runners. Public is whether everybody sees it.
	Repository, Token string
	Public            bool
	// Releases are archives by the names that they are fetched by.
	Releases map[string][]byte
	// Now is the clock: a token of a registration holds for an hour.
	Now func() time.Time

	mu       sync.Mutex
	tokens   map[string]time.Time // when they expire
	runners  []Runner
	last     int
	requests []string
}

// Runner is one that has registered.
type Runner struct {
	ID     int     `json:"id"`
	Name   string  `json:"name"`
	OS     string  `json:"os"`
	Status string  `json:"status"`
	Busy   bool    `json:"busy"`
	Labels []Label `json:"labels"`
	// Version is what the runner says of itself.
	Version string `json:"version"`
	session string
}

// Label is one of a runner's.
type Label struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Runners are those there are.
func (s *Server) Runners() []Runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.runners)
}

// Requests are the methods and paths that were asked since the last call, in their order.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.requests
	s.requests = nil
	return asked
}

// Forget is what GitHub does with a runner of which it has not heard for two weeks.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runners = nil
}

// SetBusy gives the runners a job, or takes it.
func (s *Server) SetBusy(busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.runners {
		s.runners[i].Busy = busy
	}
}

// Handler answers.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	repository := "/api/v3/repos/" + s.Repository
	mux.HandleFunc("GET "+repository, s.asked(func(r *http.Request) (int, any) {
		return http.StatusOK, map[string]any{"full_name": s.Repository, "private": !s.Public}
	}))
	mux.HandleFunc("GET "+repository+"/actions/runners", s.asked(func(r *http.Request) (int, any) {
		found := []Runner{}
		for _, each := range s.runners {
			if name := r.URL.Query().Get("name"); name == "" || each.Name == name {
				found = append(found, each)
			}
		}
		return http.StatusOK, map[string]any{"total_count": len(found), "runners": found}
	}))
	mux.HandleFunc("POST "+repository+"/actions/runners/registration-token", s.asked(func(*http.Request) (int, any) {
		token, expires := rand.Text(), s.now().Add(time.Hour)
		if s.tokens == nil {
			s.tokens = map[string]time.Time{}
		}
		s.tokens[token] = expires
		return http.StatusCreated, map[string]any{"token": token, "expires_at": expires.Format(time.RFC3339)}
	}))
	mux.HandleFunc("DELETE "+repository+"/actions/runners/{id}", s.asked(func(r *http.Request) (int, any) {
		id, _ := strconv.Atoi(r.PathValue("id"))
		at := slices.IndexFunc(s.runners, func(each Runner) bool { return each.ID == id })
		switch {
		case at < 0:
			return http.StatusNotFound, refused("Not Found")
		case s.runners[at].Busy:
			return http.StatusUnprocessableEntity, refused("Runner is currently running a job and cannot be deleted.")
		}
		s.runners = slices.Delete(s.runners, at, at+1)
		return http.StatusNoContent, nil
	}))
	mux.HandleFunc("POST /api/v3/actions/runner-registration", s.register)
	mux.HandleFunc("POST /session", s.session)
	mux.HandleFunc("GET /releases/{file}", func(w http.ResponseWriter, r *http.Request) {
		archive, found := s.Releases[r.PathValue("file")]
		if !found {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(archive)
	})
	mux.HandleFunc("/api/v3/", s.asked(func(*http.Request) (int, any) { return http.StatusNotFound, refused("Not Found") }))
	return mux
}

func refused(why string) any {
	return map[string]string{"message": why, "documentation_url": "https://docs.github.com/rest"}
}

func answer(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if content != nil {
		_ = json.NewEncoder(w).Encode(content)
	}
}

func (s *Server) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// asked is a request of the REST API, which looks at these headers first. Who may not manage runners is told that there is nothing.
func (s *Server) asked(do func(*http.Request) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/api/v3"))
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		version := r.Header.Get("X-GitHub-Api-Version")
		switch {
		case r.UserAgent() == "":
			answer(w, http.StatusForbidden, refused("Request forbidden by administrative rules. Please make sure your request has a User-Agent header"))
		case version != "" && !slices.Contains([]string{"2022-11-28", "2026-03-10"}, version):
			answer(w, http.StatusBadRequest, refused(fmt.Sprintf("%q is not a supported version", version)))
		case !slices.Contains([]string{"bearer", "token"}, strings.ToLower(scheme)), token == "":
			answer(w, http.StatusUnauthorized, refused("Requires authentication"))
		case token == "without-permission":
			answer(w, http.StatusNotFound, refused("Not Found"))
		case token != s.Token:
			answer(w, http.StatusUnauthorized, refused("Bad credentials"))
		default:
			status, content := do(r)
			answer(w, status, content)
		}
	}
}

// register is what config.sh asks: it brings the token of an hour. The real one splits it into several requests of an API that is not
// documented; what is checked is the same.
func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	var asked struct {
		URL, Name, Labels, Version string
		Replace                    bool
	}
	expires, known := s.tokens[token]
	if scheme != "RemoteAuth" || !known || !s.now().Before(expires) {
		answer(w, http.StatusNotFound, refused("Not Found"))
		return
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || !strings.HasSuffix(asked.URL, "/"+s.Repository) || asked.Name == "" {
		answer(w, http.StatusNotFound, refused("Not Found"))
		return
	}
	at := slices.IndexFunc(s.runners, func(each Runner) bool { return strings.EqualFold(each.Name, asked.Name) })
	if at >= 0 && !asked.Replace {
		answer(w, http.StatusConflict, refused("A runner exists with the same name "+asked.Name))
		return
	}
	if at < 0 {
		s.last++
		s.runners, at = append(s.runners, Runner{ID: s.last}), len(s.runners)
	}
	made := Runner{ID: s.runners[at].ID, Name: asked.Name, OS: "Linux", Status: "offline", Version: asked.Version, session: rand.Text()}
	made.Labels = []Label{{"self-hosted", "read-only"}, {"Linux", "read-only"}, {"X64", "read-only"}}
	for each := range strings.SplitSeq(asked.Labels, ",") {
		made.Labels = append(made.Labels, Label{each, "custom"})
	}
	s.runners[at] = made
	answer(w, http.StatusOK, map[string]any{"credentials": made.session})
}

// session is a runner that waits for jobs.
func (s *Server) session(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	credentials := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	at := slices.IndexFunc(s.runners, func(each Runner) bool { return each.session == credentials })
	if at < 0 {
		answer(w, http.StatusUnauthorized, refused("The runner registration has been deleted"))
		return
	}
	s.runners[at].Status, s.runners[at].Version = "online", r.URL.Query().Get("version")
	answer(w, http.StatusOK, nil)
}
