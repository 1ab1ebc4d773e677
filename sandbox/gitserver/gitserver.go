// Package gitserver serves one Git repository over HTTP, with accounts, as a team's GitLab serves Exchange-DevOps: by git's own server.
package gitserver

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Account is who may come.
type Account struct {
	Name, Password string
	// MayPush lets it change the repository; without, it reads.
	MayPush bool
}

// Branch is the repository's first one.
const Branch = "main"

type server struct {
	path     string
	accounts []Account
	// backend is git's program, once the repository is there.
	backend func() (string, error)
}

// New serves the repository in a folder by the folder's name. It is made, empty, at the first request.
func New(path string, accounts ...Account) http.Handler {
	s := &server{path: path, accounts: accounts}
	s.backend = sync.OnceValues(s.prepare)
	return s
}

// prepare makes the repository, if it is not there, and finds git's program that serves it.
func (s *server) prepare() (string, error) {
	folder, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		return "", fmt.Errorf("git is needed here (Debian's package git): %w", err)
	}
	if _, err := os.Stat(filepath.Join(s.path, "HEAD")); errors.Is(err, os.ErrNotExist) {
		if output, err := exec.Command("git", "init", "--quiet", "--bare", "--initial-branch="+Branch, s.path).CombinedOutput(); err != nil {
			return "", fmt.Errorf("git init: %w: %s", err, output)
		}
	}
	return filepath.Join(strings.TrimSpace(string(folder)), "git-http-backend"), nil
}

func (s *server) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	account, known := s.account(request)
	if !known {
		response.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		http.Error(response, "who are you?", http.StatusUnauthorized)
		return
	}
	if first, _, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/"), "/"); first != filepath.Base(s.path) {
		http.NotFound(response, request)
		return
	}
	backend, err := s.backend()
	if err != nil {
		http.Error(response, err.Error(), http.StatusInternalServerError)
		return
	}
	environment := []string{"GIT_PROJECT_ROOT=" + filepath.Dir(s.path), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "HOME=" + s.path}
	if account.MayPush {
		environment = append(environment, "REMOTE_USER="+account.Name) // git takes nothing from whom it does not know
	}
	(&cgi.Handler{Path: backend, Env: environment}).ServeHTTP(response, request)
}

func (s *server) account(request *http.Request) (Account, bool) {
	name, password, _ := request.BasicAuth()
	for _, each := range s.accounts {
		if each.Name == name && subtle.ConstantTimeCompare([]byte(each.Password), []byte(password)) == 1 {
			return each, true
		}
	}
	return Account{}, false
}
