package delivery

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/charts/devops"
)

// Remote is a repository, and somebody who may push to it.
type Remote struct {
	// URL is its address, and Authority the file of who signed its server's certificate.
	URL, Authority string
	Name, Password string
	// Branch is the one that is pushed to.
	Branch string
}

// repository is a clone of Exchange-DevOps.
type repository struct {
	Remote
	folder, environment string
}

func clone(ctx context.Context, from Remote) (*repository, error) {
	folder, err := os.MkdirTemp("", "exchange-devops-*")
	if err != nil {
		return nil, err
	}
	r := &repository{Remote: from, folder: folder}
	for _, step := range [][]string{{"clone", "--quiet", from.URL, "."}, {"checkout", "--quiet", "-B", from.Branch}} {
		if _, err := r.git(ctx, step...); err != nil {
			r.remove()
			return nil, err
		}
	}
	return r, nil
}

func (r *repository) remove() { _ = os.RemoveAll(r.folder) }

// git runs a command in the clone. The password is in its environment: command lines are everybody's to read.
func (r *repository) git(ctx context.Context, arguments ...string) (string, error) {
	login := base64.StdEncoding.EncodeToString([]byte(r.Name + ":" + r.Password))
	cmd := exec.CommandContext(ctx, "git", arguments...)
	cmd.Dir = r.folder
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_SSL_CAINFO="+r.Authority,
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.extraHeader", "GIT_CONFIG_VALUE_0=Authorization: Basic "+login,
		"GIT_AUTHOR_NAME="+r.Name, "GIT_AUTHOR_EMAIL="+r.Name+"@localhost", "GIT_COMMITTER_NAME="+r.Name, "GIT_COMMITTER_EMAIL="+r.Name+"@localhost")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", arguments[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return strings.TrimSpace(string(output)), nil
}

// push commits what has changed, and returns the commit.
func (r *repository) push(ctx context.Context, message string) (string, error) {
	for _, step := range [][]string{{"add", "--all"}, {"commit", "--quiet", "--allow-empty", "--message=" + message}} {
		if _, err := r.git(ctx, step...); err != nil {
			return "", err
		}
	}
	return r.publish(ctx)
}

func (r *repository) publish(ctx context.Context) (revision string, err error) {
	if _, err := r.git(ctx, "push", "--quiet", "origin", "HEAD:"+r.Branch); err != nil {
		return "", err
	}
	return r.git(ctx, "rev-parse", "HEAD")
}

// set commits a version for the environment, by the repository's own way, as a pipeline does.
func (r *repository) set(ctx context.Context, message, image string, to version) (revision string, err error) {
	command := exec.CommandContext(ctx, "./set-version", r.environment, image, to.tag, to.digest)
	command.Dir = r.folder
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("set-version: %w: %s", err, output)
	}
	return r.push(ctx, message)
}

// revert takes the last commit back.
func (r *repository) revert(ctx context.Context) (revision string, err error) {
	if _, err := r.git(ctx, "revert", "--no-edit", "HEAD"); err != nil {
		return "", err
	}
	return r.publish(ctx)
}

// fill writes the repository as the documentation says: the example, with the platform's own values of the environment, and what the chart
// renders with them. It returns the exchange's image.
func (d *delivery) fill(ctx context.Context, watched *application) (image string, err error) {
	r := d.repository
	r.environment = watched.environment()
	if r.Branch != watched.Spec.Source.TargetRevision {
		return "", fmt.Errorf("Argo CD watches the branch %s, and versions are rehearsed on %s", watched.Spec.Source.TargetRevision, r.Branch)
	}
	values, err := d.Ask(ctx, exchange, "", "get", "configmap", "platform-values", `--output=jsonpath={.data.values\.yaml}`)
	if err != nil {
		return "", err
	}
	var read struct{ Image struct{ Repository string } }
	if err := yaml.Unmarshal([]byte(values), &read); err != nil {
		return "", fmt.Errorf("platform-values: %w", err)
	}
	if _, err := r.git(ctx, "rm", "-r", "--quiet", "--ignore-unmatch", "."); err != nil {
		return "", err
	}
	if err := os.CopyFS(r.folder, os.DirFS(filepath.Join(d.Checkout, "examples", "Exchange-DevOps"))); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(r.folder, "overlays", r.environment, "values.yaml"), []byte(values+"\n"), 0o644); err != nil {
		return "", err
	}
	return read.Image.Repository, devops.Write(ctx, filepath.Join(d.Checkout, "charts", "exchange"), r.folder)
}
