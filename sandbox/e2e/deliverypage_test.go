//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"
)

// untyped are lines of docs/delivery.md that cannot be typed here, each with the reason.
var untyped = map[string]string{
	"echo kernel.apparmor_restrict":  "it changes the kernel of a machine, and these machines have none of their own",
	"kubectl -n argocd port-forward": "no container runs on light machines",
}

// gh is GitHub's CLI as far as the page needs it: it keeps what it is given.
const gh = `#!/bin/sh
case "$1 $2" in
"secret set") cat >"$KEPT/$3" ;;
"variable set") printf %s "$7" >"$KEPT/$3" ;;
*) exit 1 ;;
esac
[ "$4 $5" = "--env demo" ]
`

// deliveryPage is somebody who types the lines of docs/delivery.md, in the checkout, with Exchange-DevOps beside it.
type deliveryPage struct {
	*sandbox
	page
	kept, devops string
	environ      []string
}

func newDeliveryPage(t *testing.T, s *sandbox) *deliveryPage {
	t.Helper()
	environ, err := s.Environ(s.stack)
	assert.NilError(t, err)
	p := &deliveryPage{
		sandbox: s, page: readPage(t, filepath.Join(s.Root, "docs", "delivery.md")), kept: t.TempDir(), devops: filepath.Join(t.TempDir(), "Exchange-DevOps"),
	}
	assert.Assert(t, len(p.lines) > 10, "%q", p.lines)
	programs := t.TempDir()
	assert.NilError(t, os.WriteFile(filepath.Join(programs, "gh"), []byte(gh), 0o700))
	assert.NilError(t, os.CopyFS(p.devops, os.DirFS(filepath.Join(s.Root, "examples", "Exchange-DevOps"))))
	p.environ = append(environ, "KEPT="+p.kept, "PULUMI_SKIP_CONFIRMATIONS=true", "PATH="+programs+":"+filepath.Dir(s.Binary("pulumi"))+":"+os.Getenv("PATH"))
	p.must(t, "git init -q ../Exchange-DevOps && cd ../Exchange-DevOps && git add . && git -c user.name=sara -c user.email=sara@iransre.ir commit -q -m begun")
	return p
}

// says types the line of the page that begins like this, with what a user types into pulumi's questions.
func (p *deliveryPage) says(t *testing.T, start string, answers ...string) string {
	t.Helper()
	return p.must(t, p.line(t, start), answers...)
}

// must types a line that is not the page's, or stands in its prose.
func (p *deliveryPage) must(t *testing.T, line string, answers ...string) string {
	t.Helper()
	began := time.Now()
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", strings.ReplaceAll(line, "../Exchange-DevOps", p.devops))
	cmd.Env, cmd.Stdin = p.environ, strings.NewReader(strings.Join(answers, ""))
	output, err := p.execute(t, cmd)
	assert.NilError(t, err, "%s:\n%s", line, output)
	t.Logf("%5.1f s  %s", time.Since(began).Seconds(), line)
	return output
}

func (p *deliveryPage) set(t *testing.T, key, value string) {
	t.Helper()
	p.must(t, "pulumi config set --path 'exchange-platform:"+key+"' "+value)
}

func (p *deliveryPage) given(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.kept, name))
	assert.NilError(t, err)
	return string(text)
}

// Every command of docs/delivery.md does what the page says of it.
func TestThePageOfDelivery(t *testing.T) {
	beside(t, 2*time.Minute)
	s := newSandbox(t, "e2e-delivery", "demo")
	s.must(t, "up", "demo")
	p := newDeliveryPage(t, s)
	for _, step := range []struct {
		name string
		run  func(*testing.T, *deliveryPage)
	}{
		{"which version runs, and since when", whichVersion},
		{"GitLab's runner, whose jobs have no privileges", gitLabsRunner},
		{"GitHub is given what its workflow needs", gitHub},
		{"Exchange-DevOps is written with what the cluster says", exchangeDevOps},
		{"Argo CD is told of the exchange", argoCD},
		{"without the section GitLab's runner is gone", withoutGitLabsRunner},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, p) }) {
			t.FailNow()
		}
	}
	p.isTyped(t, untyped, func(line string) bool { return line == "pulumi up" })
}

type version struct{ Image, Since string }

func (p *deliveryPage) version(t *testing.T) version {
	t.Helper()
	var told version
	assert.NilError(t, json.Unmarshal([]byte(p.says(t, "pulumi stack output --json exchange | jq '{")), &told))
	return told
}

func whichVersion(t *testing.T, p *deliveryPage) {
	told := p.version(t)
	since, err := time.Parse(time.RFC3339, told.Since)
	assert.NilError(t, err)
	assert.Check(t, time.Since(since) < 10*time.Minute)
	assert.Equal(t, strings.TrimSpace(p.says(t, "kubectl -n exchange get deployment exchange-web")), told.Image)
	p.must(t, "pulumi preview --expect-no-changes")
}

// job is a pod as GitLab's runner makes them where images are built.
const job = `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "job", "namespace": "gitlab-jobs"}, "spec": {"containers": [{"name": "build",
"image": "moby/buildkit:v0.32.2-rootless", "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}},
"securityContext": {"privileged": false, "allowPrivilegeEscalation": true, "seccompProfile": {"type": "Unconfined"}, "appArmorProfile": {"type": "Unconfined"}}}]}}`

func gitLabsRunner(t *testing.T, p *deliveryPage) {
	before := p.version(t)
	p.set(t, "delivery.gitlabRunner.url", "https://gitlab.example.ir")
	p.set(t, "delivery.gitlabRunner.builds", "true")
	p.says(t, "pulumi config set --secret --path exchange-platform:delivery.gitlabRunner.token", "glrt-0123456789abcdefghij")
	p.must(t, "pulumi up --skip-preview")
	assert.Check(t, is.Contains(p.says(t, "kubectl -n gitlab-runner get deployment"), "1/1"))
	assert.DeepEqual(t, p.version(t), before)
	p.must(t, "pulumi preview --expect-no-changes")

	p.must(t, "kubectl create --dry-run=server -f -", job)
	for _, more := range []struct{ instead, of, refused string }{
		{`"privileged": true`, `"privileged": false`, "is privileged"},
		{`"hostNetwork": true, "containers": [`, `"containers": [`, "sees the node's network or processes"},
		{`"volumes": [{"name": "root", "hostPath": {"path": "/"}}], "containers": [`, `"containers": [`, "sees a folder of the node's"},
		{`"capabilities": {"add": ["SYS_ADMIN"]}, "privileged": false`, `"privileged": false`, "asks for capabilities"},
		{`"ports": [{"containerPort": 80, "hostPort": 80}], "image"`, `"image"`, "takes a port of the node's"},
	} {
		pod := strings.Replace(job, more.of, more.instead, 1)
		output := p.must(t, "! kubectl create --dry-run=server -f - 2>&1", pod)
		assert.Check(t, is.Contains(output, "a pod of a job that "+more.refused+" is refused here"), pod)
	}
	assert.Check(t, is.Contains(p.must(t, "kubectl -n gitlab-jobs get networkpolicy flows -o jsonpath='{.spec.policyTypes}'"), "Egress"))
	assert.Equal(t, p.must(t, "kubectl auth can-i --list --as system:serviceaccount:gitlab-jobs:default -n gitlab-jobs --no-headers | grep -c pods || true"), "0\n")
}

func gitHub(t *testing.T, p *deliveryPage) {
	p.says(t, "pulumi config set --secret --path exchange-platform:delivery.runner.token", "a-token")
	text, err := os.ReadFile(p.StackFile(p.stack))
	assert.NilError(t, err)
	assert.Check(t, !strings.Contains(string(text), "a-token"))
	p.must(t, "pulumi config rm --path exchange-platform:delivery.runner")

	p.set(t, "delivery.mode", "github") // as the prose says
	p.set(t, "kubernetes.access[0].name", "github")
	p.set(t, "kubernetes.access[0].role", "edit")
	p.set(t, "kubernetes.access[0].namespaces[0]", "exchange")
	p.must(t, "pulumi up --skip-preview")
	assert.DeepEqual(t, p.version(t), version{})
	p.says(t, "pulumi stack output --show-secrets --json kubeconfigs | jq")
	assert.Check(t, is.Contains(p.given(t, "KUBECONFIG"), "kind: Config"))
	p.says(t, "gh secret set PLATFORM_TOKEN", "of-the-platform")
	assert.Equal(t, p.given(t, "PLATFORM_TOKEN"), "of-the-platform")
	p.says(t, "gh variable set EXCHANGE_URL")
	assert.Check(t, strings.HasPrefix(p.given(t, "EXCHANGE_URL"), "http"))
}

func exchangeDevOps(t *testing.T, p *deliveryPage) {
	p.says(t, "kubectl -n exchange get configmap platform-values")
	p.says(t, "./scripts/render-devops ")
	p.must(t, "./scripts/render-devops --check ../Exchange-DevOps")
}

func argoCD(t *testing.T, p *deliveryPage) {
	p.set(t, "delivery.mode", "gitops")
	p.set(t, "delivery.gitops.repository", "https://gitlab.example.ir/iransre/exchange-devops.git")
	p.set(t, "delivery.gitops.username", "argocd")
	p.says(t, "pulumi config set --secret --path exchange-platform:delivery.gitops.password", "a-token")
	p.must(t, "pulumi up --skip-preview")
	assert.Check(t, len(strings.TrimSpace(p.says(t, "kubectl -n argocd get secret"))) > 20)
	assert.Check(t, is.Contains(p.says(t, "kubectl -n argocd get application exchange  "), "exchange"))
	// nothing yet: no Argo CD runs here
	assert.Equal(t, p.says(t, "kubectl -n argocd get application exchange -o"), "")
}

func withoutGitLabsRunner(t *testing.T, p *deliveryPage) {
	p.must(t, "pulumi config rm --path exchange-platform:delivery.gitlabRunner")
	p.must(t, "pulumi up --skip-preview")
	for _, kind := range []string{"namespaces", "priorityclasses", "validatingadmissionpolicies"} {
		assert.Check(t, !strings.Contains(p.must(t, "kubectl get "+kind+" -o name"), "gitlab"), kind)
	}
}
