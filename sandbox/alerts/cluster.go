package alerts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	monitoring   = "/api/v1/namespaces/monitoring/services/kube-prometheus-stack-"
	prometheus   = monitoring + "prometheus:9090/proxy/api/v1/"
	alertmanager = monitoring + "alertmanager:9093/proxy/api/v2/"
)

// get asks something of the cluster by the path of its API.
func (r *faultRun) get(ctx context.Context, path string) (string, error) {
	return r.Ask(ctx, "", "", "get", "--raw", path)
}

// post sends JSON to something of the cluster by the path of its API, which kubectl does without saying that it is JSON.
func (r *faultRun) post(ctx context.Context, path string, body []byte) ([]byte, error) {
	config, err := clientcmd.BuildConfigFromFlags("", r.Kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(config.Host, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, answer.Status, bytes.TrimSpace(text))
	}
	return text, err
}

// sample is one answer to a query.
type sample struct {
	Metric map[string]string `json:"metric"`
}

// query asks Prometheus.
func (r *faultRun) query(ctx context.Context, expression string) ([]sample, error) {
	text, err := r.get(ctx, prometheus+"query?query="+url.QueryEscape(expression))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Result []sample `json:"result"`
		} `json:"data"`
	}
	err = json.Unmarshal([]byte(text), &answer)
	return answer.Data.Result, err
}

// grace reads how long a machine may be silent until its node counts as away, out of the controller manager's command; without it, it is Kubernetes' own.
func (r *faultRun) grace(ctx context.Context) (time.Duration, error) {
	text, err := r.Ask(ctx, "kube-system", "", "get", "pods", "--selector=component=kube-controller-manager",
		"--output=jsonpath={.items[*].spec.containers[*].command}")
	if err != nil {
		return 0, err
	}
	if found := regexp.MustCompile(`--node-monitor-grace-period=([0-9a-z]+)`).FindStringSubmatch(text); found != nil {
		return duration(found[1])
	}
	return 50 * time.Second, nil
}
