package postgres_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"
	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

const (
	checkPath    = "/api/v1/namespaces/restore-drill/pods/restore-drill-migrations"
	webPath      = "/apis/apps/v1/namespaces/exchange/deployments/exchange-web"
	settingsPath = "/api/v1/namespaces/exchange/configmaps/exchange"
)

func application() postgres.Application {
	return postgres.Application{
		Namespace: "exchange", Deployment: "exchange-web", Settings: "exchange", Command: []string{"python", "manage.py", "migrate", "--plan", "--check"},
		PullSecrets: []chart.SecretArgs{{
			Name: "exchange-registry", Part: "registry", Type: "kubernetes.io/dockerconfigjson",
			Data: pulumi.StringMap{".dockerconfigjson": pulumi.ToSecret(pulumi.String(mocktest.Generated + "-login")).(pulumi.StringOutput)},
		}},
	}
}

// web is a Deployment as charts/exchange makes it, with more than it has that may not get out of production. sandbox/charts holds the chart
// against what is relied on here.
const web = `
spec:
  template:
    metadata: {labels: {app.kubernetes.io/name: exchange}}
    spec:
      serviceAccountName: exchange
      securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
      imagePullSecrets: [{name: exchange-registry}]
      nodeSelector: {purpose: web}
      initContainers: [{name: first, image: other}]
      containers:
        - name: web
          image: ghcr.io/iransre/exchange:1.4.2
          imagePullPolicy: IfNotPresent
          command: [gunicorn]
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true}
          resources: {requests: {cpu: 100m, memory: 256Mi}}
          ports: [{containerPort: 8000}]
          livenessProbe: {httpGet: {path: /}}
          envFrom:
            - configMapRef: {name: exchange}
            - configMapRef: {name: others}
            - secretRef: {name: exchange}
          env:
            - {name: AWS_SECRET_ACCESS_KEY, valueFrom: {secretKeyRef: {name: exchange, key: AWS_SECRET_ACCESS_KEY}}}
            - {name: BACKUPS_KEY, valueFrom: {secretKeyRef: {name: backup-storage, key: SECRET_KEY}}}
            - {name: DATABASE_PASSWORD, valueFrom: {secretKeyRef: {name: exchange, key: DATABASE_PASSWORD}}}
            - {name: DATABASE_HOST, value: haproxy-rw.postgres.svc}
            - {name: DATABASE_PORT, value: "6432"}
            - {name: DATABASE_NAME, value: exchange}
            - {name: DATABASE_USER, value: production}
            - {name: DATABASE_URL, value: "postgres://$(DATABASE_USER):$(DATABASE_PASSWORD)@$(DATABASE_HOST):$(DATABASE_PORT)/$(DATABASE_NAME)?a=b"}
            - {name: DATABASE_REPLICA_HOST, value: haproxy-ro.postgres.svc}
            - {name: DATABASE_REPLICA_URL, value: "postgres://$(DATABASE_USER):$(DATABASE_PASSWORD)@$(DATABASE_REPLICA_HOST):$(DATABASE_PORT)/$(DATABASE_NAME)"}
            - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
            - {name: DJANGO_ALLOWED_HOSTS, value: "exchange.example,$(POD_IP)"}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            - {name: login, mountPath: /login}
      volumes:
        - {name: tmp, emptyDir: {}}
        - {name: login, secret: {secretName: exchange}}
`

// deliver has the exchange run.
func deliver(t *testing.T, o *operator) {
	t.Helper()
	runs := map[string]any{}
	assert.NilError(t, yaml.Unmarshal([]byte(web), &runs))
	o.objects[webPath] = runs
	o.objects[settingsPath] = map[string]any{"data": map[string]any{
		"DJANGO_ALLOWED_HOSTS": "exchange.example", "PGSSLMODE": "verify-full", "TITLE": "costs $(MUCH)", "DATABASE_NAME": "another",
	}}
}

// applicationOf is what the program tells the drill.
func applicationOf(t *testing.T) string {
	t.Helper()
	schedule := mocktest.Plain(mocktest.Run(t, programWith(drilled(), noLook)).Get(t, "postgres-drill-schedule").Inputs["spec"])
	text, err := json.Marshal(schedule)
	assert.NilError(t, err)
	var read struct {
		JobTemplate struct {
			Spec struct {
				Template struct {
					Spec struct {
						Containers []struct {
							Env []struct{ Name, Value string }
						}
					}
				}
			}
		}
	}
	assert.NilError(t, json.Unmarshal(text, &read))
	for _, each := range read.JobTemplate.Spec.Template.Spec.Containers[0].Env {
		if each.Name == "APPLICATION" {
			return each.Value
		}
	}
	t.Fatal("the drill is told of no application")
	return ""
}

// expanded are the variables of a container as a kubelet makes them; what comes from elsewhere stands as <Secret/key>.
func expanded(t *testing.T, container map[string]any) map[string]string {
	t.Helper()
	env := map[string]string{}
	for _, each := range container["env"].([]any) {
		variable := each.(map[string]any)
		name := variable["name"].(string)
		_, twice := env[name]
		assert.Check(t, !twice, "%s stands there twice", name)
		value, _ := variable["value"].(string)
		if source, _ := variable["valueFrom"].(map[string]any); source != nil {
			value = "<" + strings.TrimSuffix(fmt.Sprint(source), ">") + ">"
			if of, _ := source["secretKeyRef"].(map[string]any); of != nil {
				value = fmt.Sprintf("<%v/%v>", of["name"], of["key"])
			}
		}
		value = strings.ReplaceAll(value, "$$", "\x00")
		for known, text := range env {
			value = strings.ReplaceAll(value, "$("+known+")", text)
		}
		env[name] = strings.ReplaceAll(value, "\x00", "$")
	}
	return env
}

// The copy is tried by what runs in production, with its settings, and with none of its Secrets.
func TestTheExchangesImageLooksAtTheCopy(t *testing.T) {
	d := newDrillTrial(t)
	d.fill(t)
	output, _, ok := d.run(t)
	assert.Assert(t, ok, output)
	pod := d.operator.checked
	metadata, spec := pod["metadata"].(map[string]any), pod["spec"].(map[string]any)
	assert.Equal(t, fmt.Sprint(metadata["ownerReferences"]), "[map[apiVersion:batch/v1 kind:Job name:drill uid:uid-1]]")
	container := spec["containers"].([]any)[0].(map[string]any)
	env := expanded(t, container)
	for name, value := range map[string]string{
		"DATABASE_URL":         "postgres://exchange:<restore-drill/password>@restore-drill-rw:5432/exchange?a=b",
		"DATABASE_REPLICA_URL": "postgres://exchange:<restore-drill/password>@restore-drill-rw:5432/exchange",
		"DATABASE_PASSWORD":    "<restore-drill/password>",
		"PGSSLMODE":            "require",
		"DJANGO_ALLOWED_HOSTS": "exchange.example,<map[fieldRef:map[fieldPath:status.podIP]]>",
		"TITLE":                "costs $(MUCH)",
	} {
		assert.Check(t, env[name] == value, "%s is %s, not %s", name, env[name], value)
	}
	assert.Equal(t, len(env["AWS_SECRET_ACCESS_KEY"]), 64, "something made up")
	assert.Equal(t, fmt.Sprint(container["command"]), "[python manage.py migrate --plan --check]")
	assert.Equal(t, container["image"], "ghcr.io/iransre/exchange:1.4.2")

	// nothing else of production's gets there
	delete(container, "env")
	text, err := yaml.Marshal(spec)
	assert.NilError(t, err)
	assert.Equal(t, string(text), `automountServiceAccountToken: false
containers:
- command:
  - python
  - manage.py
  - migrate
  - --plan
  - --check
  image: ghcr.io/iransre/exchange:1.4.2
  imagePullPolicy: IfNotPresent
  name: check
  resources:
    requests:
      cpu: 100m
      memory: 256Mi
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
  volumeMounts:
  - mountPath: /tmp
    name: tmp
enableServiceLinks: false
imagePullSecrets:
- name: exchange-registry
restartPolicy: Never
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  seccompProfile:
    type: RuntimeDefault
terminationGracePeriodSeconds: 5
volumes:
- emptyDir: {}
  name: tmp
`)
}

// An exchange of another chart, or one that is not there yet, is no fault of the backup's.
func TestADrillWithoutTheExchange(t *testing.T) {
	d := newDrillTrial(t)
	d.fill(t)
	delete(d.operator.objects, webPath)
	output, metrics, ok := d.run(t)
	assert.Assert(t, ok, output)
	assert.Assert(t, strings.Contains(output, "there is no Deployment exchange-web in exchange"), output)
	assert.Equal(t, metrics["restore_drill_migrations_checked"], "0")
	assert.Assert(t, d.operator.checked == nil)
}

func TestACopyThatTheExchangeCannotUse(t *testing.T) {
	d := newDrillTrial(t)
	d.fill(t)
	waiting := func(reason, message string) map[string]any {
		return map[string]any{"phase": "Pending", "containerStatuses": []any{
			map[string]any{"state": map[string]any{"waiting": map[string]any{"reason": reason, "message": message}}},
		}}
	}
	failed := func(reason string, code int) map[string]any {
		return map[string]any{"phase": "Failed", "containerStatuses": []any{
			map[string]any{"state": map[string]any{"terminated": map[string]any{"reason": reason, "exitCode": code}}},
		}}
	}
	for _, test := range []struct {
		name   string
		status map[string]any
		words  string
		says   string
	}{
		{"a migration is missing", failed("Error", 1), "System check\nPlanned operations:\nfees.0007_rate\n    Add field rate to fee\n",
			"FAILED: the exchange's migrations and the copy do not fit: Planned operations:; fees.0007_rate; Add field rate to fee. Those of a release within ten minutes"},
		{"it says something else", failed("Error", 1), "Traceback\nModuleNotFoundError: No module named 'x'",
			"the exchange's image cannot use the copy: Traceback; ModuleNotFoundError: No module named 'x' (Error 1)"},
		{"it says nothing", failed("OOMKilled", 137), "", "cannot use the copy: it left no word (OOMKilled 137)"},
		{"the image cannot be pulled", waiting("ImagePullBackOff", "401 Unauthorized"), "",
			"the exchange's image does not start, so nobody knows whether it could use the copy: ghcr.io/iransre/exchange:1.4.2: ImagePullBackOff: 401 Unauthorized"},
		{"there is no room", map[string]any{"phase": "Pending", "conditions": []any{
			map[string]any{"type": "PodScheduled", "status": "False", "message": "0/6 nodes: Insufficient memory"},
		}}, "", "the exchange's image has looked at the copy: not within 1 s (it waits for a node: 0/6 nodes: Insufficient memory)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d.operator.check, d.operator.checkWords = test.status, test.words
			d.env = append(d.env, "CHECK_SECONDS=1")
			output, metrics, ok := d.run(t)
			assert.Assert(t, !ok, output)
			assert.Assert(t, strings.Contains(output, test.says), output)
			assert.Equal(t, metrics["restore_drill_success"], "0")
			assert.Equal(t, metrics["restore_drill_rows"], "2003", "what was read before counts")
		})
	}
}

// A drill that is stopped while the image looks takes that pod away, and leaves another drill's.
func TestADrillThatIsStoppedTakesTheExchangesPodAway(t *testing.T) {
	d := newDrillTrial(t)
	d.fill(t)
	d.operator.check = map[string]any{"phase": "Running"}
	stop := func(meanwhile func()) {
		cmd := exec.Command("python3", "-EsB", "drill.py", "run")
		cmd.Env = d.env
		assert.NilError(t, cmd.Start())
		poll.WaitOn(t, func(poll.LogT) poll.Result {
			d.operator.mu.Lock()
			defer d.operator.mu.Unlock()
			if d.operator.objects[checkPath] == nil {
				return poll.Continue("no pod yet")
			}
			meanwhile()
			return poll.Success()
		}, poll.WithTimeout(time.Minute))
		assert.NilError(t, cmd.Process.Signal(syscall.SIGTERM))
		assert.ErrorContains(t, cmd.Wait(), "exit status 1")
	}
	stop(func() {})
	d.metrics(t)
	stop(func() {
		d.operator.objects[checkPath]["metadata"].(map[string]any)["ownerReferences"] = []any{map[string]any{"uid": "uid-2"}}
	})
	assert.Assert(t, d.operator.objects[checkPath] != nil, "it is the next drill's")
}

func TestWhatTheDrillMayDoWithTheExchange(t *testing.T) {
	r := mocktest.Run(t, func(ctx *pulumi.Context) error {
		cluster, randomness, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		args := &postgres.Args{Installer: &chart.Installer{Provider: cluster, Random: randomness}, Config: drilled(), Application: application()}
		if err := postgres.LetDrillRead(ctx, "exchange-drill", args, pulumi.String("exchange")); err != nil {
			return err
		}
		args.Config.Drill.Enabled = false
		return postgres.LetDrillRead(ctx, "none", args, pulumi.String("exchange"))
	})
	assert.DeepEqual(t, mocktest.Plain(r.Get(t, "exchange-drill-role").Inputs["rules"]), []any{
		map[string]any{"apiGroups": []any{"apps"}, "resources": []any{"deployments"}, "resourceNames": []any{"exchange-web"}, "verbs": []any{"get"}},
		map[string]any{"apiGroups": []any{""}, "resources": []any{"configmaps"}, "resourceNames": []any{"exchange"}, "verbs": []any{"get"}},
	})
	binding := r.Get(t, "exchange-drill-binding")
	assert.DeepEqual(t, mocktest.Plain(binding.Inputs["subjects"]), []any{
		map[string]any{"kind": "ServiceAccount", "name": "drill", "namespace": "restore-drill"},
	})
	assert.Equal(t, mocktest.Plain(binding.Inputs["metadata"]).(map[string]any)["namespace"], "exchange")
	for _, name := range r.Names() {
		assert.Check(t, !strings.HasPrefix(name, "none"), name)
	}
}

// Nodes pull the image with the login that the exchange's own pods name.
func TestTheDrillHasTheImagesLogin(t *testing.T) {
	login := mocktest.Run(t, programWith(drilled(), noLook)).Get(t, "postgres-drill-registry")
	metadata := mocktest.Plain(login.Inputs["metadata"]).(map[string]any)
	assert.Equal(t, fmt.Sprint(metadata["namespace"], " ", metadata["name"]), "restore-drill exchange-registry")
	assert.Assert(t, login.Inputs["stringData"].IsSecret() && !login.Protect)
}
