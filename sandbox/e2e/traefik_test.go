//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"github.com/iransre/exchange-platform/sandbox/hosts/real/realtest"
)

// The demo stack on real machines, with two workers, and Traefik in front of the exchange, as production has it: the program itself, behind the CDN
// with its key and TLS. It needs minutes on two cores, and some more the first time, to compile Traefik, so it runs where it is asked for:
// TRAEFIK=required.
func TestTraefikInFrontOfTheExchange(t *testing.T) {
	if os.Getenv("TRAEFIK") != "required" {
		t.Skip("TRAEFIK is not \"required\": it takes minutes, and compiles Traefik")
	}
	realtest.Need(t, t.TempDir())
	s := newSandbox(t, "e2e-traefik", "demo")
	s.must(t, "preview", "demo", "--machines", "real") // makes the world and the stack file
	r := &throughTraefik{&realMachines{life: newLife(t, s)}}

	steps := []struct {
		name string
		run  func(*testing.T)
	}{
		{"an update ends with Traefik on both workers", r.begins},
		{"what a user does goes to the database, the object storage and the task queue", r.isUsed},
		{"what is large is let in, and what is too large is not", r.takesUploads},
		{"a user's file is nobody's to keep", r.servesFiles},
		{"nobody is believed about where he comes from", r.tellsOneAddress},
		{"who does not come through this domain's CDN is refused", r.asksForTheKey},
		{"a rollout fails no request", r.rollsOut},
		{"it is watched as the other engine is", r.isWatched},
		{"a worker that is lost takes no page with it for long", r.losesAWorker},
		{"a move to the other engine, and back, loses nothing that is tried again", r.moves},
	}
	for i, step := range steps {
		if !t.Run(step.name, step.run) && i < 2 { // those after it need no other
			t.FailNow()
		}
	}
}

type throughTraefik struct{ *realMachines }

func (r *throughTraefik) begins(t *testing.T) {
	config := r.file["config"].(map[string]any)
	config["exchange-platform:ingress"] = map[string]any{"engine": "traefik"}
	config["exchange-platform:network"] = map[string]any{"webCidrs": []any{"cdn"}}
	r.section("edge").(map[string]any)["origin"] = map[string]any{"https": true, "key": true}
	r.setNodes(append(r.section("nodes").([]any), secondWorker))
	r.section("exchange").(map[string]any)["webReplicas"] = 2
	r.up(t)
	r.user = newVisitor(t, r.sandbox)
	said, err := r.ask("--namespace=ingress-nginx", "get", "pods", "--selector=app.kubernetes.io/name=traefik", "--sort-by=.spec.nodeName", "--output",
		`jsonpath={range .items[*]}{.spec.nodeName} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}`)
	assert.NilError(t, err)
	assert.Equal(t, said, "arvan-k8s-w1 True\narvan-k8s-w2 True\n", "none is simulated")
}

// upload sends a form of so many bytes, and returns the status.
func (r *throughTraefik) upload(t *testing.T, size int64, kind string, body io.Reader) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, home+"pictures/", body)
	assert.NilError(t, err)
	request.ContentLength = size
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Referer", home)
	request.Header.Set("X-CSRFToken", r.user.token(t))
	response, err := r.user.client.Do(request)
	assert.NilError(t, err)
	defer response.Body.Close()
	return response.StatusCode
}

func (r *throughTraefik) takesUploads(t *testing.T) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "picture.png")
	assert.NilError(t, err)
	_, err = io.CopyN(file, rand.Reader, 15<<20)
	assert.NilError(t, err)
	assert.NilError(t, form.Close())
	assert.Equal(t, r.upload(t, int64(body.Len()), form.FormDataContentType(), &body), http.StatusOK)

	// only a beginning is sent, so that the answer cannot be lost with a connection that is closed in the middle
	rest, beginning := io.Pipe()
	go func() { _, _ = beginning.Write(make([]byte, 64<<10)) }()
	t.Cleanup(func() { _ = rest.Close() })
	assert.Equal(t, r.upload(t, 21<<20, form.FormDataContentType(), rest), http.StatusRequestEntityTooLarge, "ingress.maxBodyMiB is 20")
}

// fetch gets an address as the visitor, with further headers.
func (r *throughTraefik) fetch(address string, headers map[string]string) (*http.Response, string, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, "", err
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := r.user.client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response, string(text), err
}

func (r *throughTraefik) servesFiles(t *testing.T) {
	page, err := r.user.get("")
	assert.NilError(t, err)
	_, rest, found := strings.Cut(page, `="https://demo-files.iransre.ir/media/`)
	assert.Assert(t, found, page)
	path, _, _ := strings.Cut(rest, `"`)
	response, text, err := r.fetch("https://demo-files.iransre.ir/media/"+html.UnescapeString(path), nil)
	assert.NilError(t, err)
	assert.Equal(t, response.StatusCode, http.StatusOK, text)
	assert.Equal(t, response.Header.Get("Cache-Control"), "private, no-store")
}

// echo is a program beside the exchange that answers with the headers of a request.
const echo = `
import http.server, json
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps([[name, value] for name, value in self.headers.items()]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()`

// tellsOneAddress looks at what an application is told, behind another path of the exchange's name.
func (r *throughTraefik) tellsOneAddress(t *testing.T) {
	image, err := r.ask("--namespace=exchange", "get", "deployment", "exchange-web", "--output", "jsonpath={.spec.template.spec.containers[0].image}")
	assert.NilError(t, err)
	restricted := map[string]any{
		"allowPrivilegeEscalation": false, "runAsNonRoot": true, "runAsUser": 65532,
		"capabilities": map[string]any{"drop": []any{"ALL"}}, "seccompProfile": map[string]any{"type": "RuntimeDefault"},
	}
	labels := map[string]any{"app": "echo"}
	r.apply(t,
		map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "echo", "namespace": "exchange", "labels": labels}, "spec": map[string]any{
			"containers": []any{map[string]any{"name": "echo", "image": image, "command": []any{"python", "-c", echo}, "securityContext": restricted}},
		}},
		map[string]any{"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "echo", "namespace": "exchange"}, "spec": map[string]any{
			"selector": labels, "ports": []any{map[string]any{"port": 80, "targetPort": 8000}},
		}},
		map[string]any{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": map[string]any{"name": "echo", "namespace": "exchange"}, "spec": map[string]any{
			"ingressClassName": "nginx", "rules": []any{map[string]any{"host": "demo.iransre.ir", "http": map[string]any{"paths": []any{map[string]any{
				"path": "/echo", "pathType": "Prefix", "backend": map[string]any{"service": map[string]any{"name": "echo", "port": map[string]any{"number": 80}}},
			}}}}},
		}})
	var told map[string][]string
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		_, text, err := r.fetch(home+"echo", map[string]string{
			"X-Forwarded-For": "203.0.113.66, 185.143.232.1", "X-Real-IP": "203.0.113.67", "X_Forwarded_For": "203.0.113.68", "X-Forwarded-Proto": "http", "X-Cdn-Key": "guess",
		})
		var headers [][2]string
		if err != nil || json.Unmarshal([]byte(text), &headers) != nil {
			return poll.Continue("%v %s", err, text)
		}
		told = map[string][]string{}
		for _, header := range headers {
			told[strings.ToLower(header[0])] = append(told[strings.ToLower(header[0])], header[1])
		}
		return poll.Success()
	}, poll.WithDelay(time.Second), poll.WithTimeout(2*time.Minute))
	t.Logf("%v", told)
	visitors := []string{"127.0.0.1"}
	assert.DeepEqual(t, told["x-forwarded-for"], visitors)
	assert.DeepEqual(t, told["x-real-ip"], visitors)
	assert.DeepEqual(t, told["x-forwarded-proto"], []string{"https"})
	for _, name := range []string{"x_forwarded_for", "x-cdn-key"} {
		assert.Assert(t, len(told[name]) == 0, "%s: %v", name, told[name])
	}
	lines, err := r.ask("--namespace=ingress-nginx", "logs", "daemonset/traefik", "--tail=200")
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(lines, `"request_X-Real-Ip":"127.0.0.1"`), lines)
}

// apply makes objects.
func (r *throughTraefik) apply(t *testing.T, objects ...map[string]any) {
	t.Helper()
	for _, object := range objects {
		text, err := json.Marshal(object)
		assert.NilError(t, err)
		file := t.TempDir() + "/object.json"
		assert.NilError(t, os.WriteFile(file, text, 0o600))
		output, err := r.tool(t, nil, "kubectl", "apply", "--filename", file)
		assert.NilError(t, err, output)
	}
}

// asksForTheKey connects to the worker as another customer of the CDN would have it do.
func (r *throughTraefik) asksForTheKey(t *testing.T) {
	const connect = `
import http.client, ssl
c = http.client.HTTPSConnection("traefik.ingress-nginx.svc", context=ssl._create_unverified_context(), timeout=5)
for headers in ({}, {"X-Cdn-Key": "guess"}):
    c.request("GET", "/", headers={"Host": "demo.iransre.ir", **headers})
    r = c.getresponse()
    print(r.status)
    r.read()`
	said, err := r.ask("exec", "--request-timeout=0", "--namespace=exchange", "deployment/exchange-web", "--", "python", "-c", connect)
	assert.NilError(t, err)
	assert.Equal(t, said, "403\n403\n")
}

// visits are requests for a page, one after the other.
type visits struct {
	asked  int
	failed []string      // what those that were not answered as they should be were answered with
	pause  time.Duration // the longest time from one that was answered to the next
	last   time.Time     // when one was answered
}

// visits asks for a page again and again, until it is stopped.
func (r *throughTraefik) visits() (stop func() visits) {
	watching, end := context.WithCancel(context.Background())
	client := *r.user.client
	client.Timeout = 20 * time.Second // a controller gives a pod five to accept a connection, before it tries another one
	impatient := &throughTraefik{&realMachines{user: &visitor{&client}}}
	made := visits{last: time.Now()}
	var visiting sync.WaitGroup
	visiting.Go(func() {
		for ; watching.Err() == nil; made.asked++ {
			response, text, err := impatient.fetch(home, nil)
			switch {
			case err != nil:
				made.failed = append(made.failed, err.Error())
			case response.StatusCode != http.StatusOK:
				made.failed = append(made.failed, fmt.Sprint(response.StatusCode, " ", text[:min(len(text), 100)]))
			default:
				made.pause = max(made.pause, time.Since(made.last))
				made.last = time.Now()
			}
		}
	})
	return func() visits {
		end()
		visiting.Wait()
		made.pause = max(made.pause, time.Since(made.last))
		return made
	}
}

func (v visits) String() string {
	return fmt.Sprintf("%d of %d requests failed, no page for %.1f s at most", len(v.failed), v.asked, v.pause.Seconds())
}

func (r *throughTraefik) rollsOut(t *testing.T) {
	stop := r.visits()
	for _, arguments := range [][]string{{"restart"}, {"status", "--timeout=3m"}} {
		output, err := r.tool(t, nil, "kubectl", append([]string{"--namespace=exchange", "rollout", arguments[0], "deployment/exchange-web"}, arguments[1:]...)...)
		assert.NilError(t, err, output)
	}
	made := stop()
	t.Log(made)
	assert.Assert(t, made.asked > 10 && len(made.failed) == 0, "of %d: %v", made.asked, made.failed)
}

// losesAWorker has the power fail of the worker that is not the database's: pages that its web server was asked for are lost until Kubernetes believes that
// it is gone, the others are not.
func (r *throughTraefik) losesAWorker(t *testing.T) {
	database, err := r.ask("--namespace=postgres", "get", "pods", "--output=jsonpath={.items[*].spec.nodeName}")
	assert.NilError(t, err)
	lost := "arvan-k8s-w2"
	if strings.Contains(database, lost) {
		lost = "arvan-k8s-w1"
	}
	stop := r.visits()
	r.must(t, "host", "kill", lost)
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		ready, err := r.ask("get", "node", lost, "--output", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`)
		if err != nil || ready == "True" {
			return poll.Continue("%s is Ready: %s %v", lost, ready, err)
		}
		return poll.Success()
	}, poll.WithDelay(time.Second), poll.WithTimeout(2*time.Minute))
	away := stop()
	stop = r.visits()
	r.must(t, "host", "start", lost)
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if r.bootOf(lost) == "" {
			return poll.Continue("%s is not Ready", lost)
		}
		return poll.Success()
	}, poll.WithDelay(time.Second), poll.WithTimeout(3*time.Minute))
	back := stop()
	t.Logf("until %s counted as away: %s", lost, away)
	t.Logf("since, until it was back: %s", back)
	r.isReal(t)
	assert.Assert(t, away.pause < time.Minute, "%v", away.failed)
	assert.Assert(t, back.pause < time.Minute, "%v", back.failed)
}

// moves is done by two updates, in which all workers' ports change hands.
func (r *throughTraefik) moves(t *testing.T) {
	for _, engine := range []string{"ingress-nginx", "traefik"} {
		r.section("ingress").(map[string]any)["engine"] = engine
		stop := r.visits()
		r.up(t)
		made := stop()
		t.Logf("to %s: %s", engine, made)
		assert.Assert(t, made.pause < time.Minute, "%v", made.failed)
		r.user.sees(t, "what was left there", hasAll)
	}
}
