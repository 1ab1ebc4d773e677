package postgres

import (
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/iransre/exchange-platform/components/chart"
)

const (
	// drillGrace is how long a drill has to take away what it made, in seconds.
	drillGrace = 120
	// drillPort is where the last results are read.
	drillPort = 8080
)

var (
	//go:embed drill.py
	drillMain string
	//go:embed api.py
	drillAPI string
	//go:embed application.py
	drillApplication string

	// drillProgram restores the newest backup, looks at it, and tells what it took.
	drillProgram = map[string]any{"drill.py": drillMain, "api.py": drillAPI, "application.py": drillApplication}
)

// programChecksum changes with any file of the program.
func programChecksum() string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(drillProgram)) {
		fmt.Fprint(sum, drillProgram[name])
	}
	return fmt.Sprintf("%.6x", sum.Sum(nil))
}

// drillPod runs one drill.
func drillPod(args *Args, image chart.Image) (map[string]any, error) {
	application, err := json.Marshal(args.Application)
	if err != nil {
		return nil, fmt.Errorf("the application of the drill: %w", err)
	}
	label := func(name, key string) any {
		return map[string]any{"name": name, "valueFrom": map[string]any{"fieldRef": map[string]any{"fieldPath": "metadata.labels['" + key + "']"}}}
	}
	pod := pythonPod(image, "run", drillGrace, []any{
		map[string]any{"name": "NAMESPACE", "value": drillNamespace},
		map[string]any{"name": "LIMIT_SECONDS", "value": strconv.Itoa(args.Config.Drill.Hours * 3600 / 2)},
		map[string]any{"name": "CLUSTER", "valueFrom": map[string]any{"configMapKeyRef": map[string]any{"name": drillName, "key": "cluster.json"}}},
		map[string]any{"name": "APPLICATION", "value": string(application)},
		label("JOB_NAME", "batch.kubernetes.io/job-name"),
		label("JOB_UID", "batch.kubernetes.io/controller-uid"),
	})
	pod["restartPolicy"] = "Never"
	pod["serviceAccountName"], pod["automountServiceAccountToken"] = drillAccount, true
	return pod, nil
}

// resultsPod tells Prometheus the last results.
func resultsPod(image chart.Image) map[string]any {
	pod := pythonPod(image, "serve", 5, []any{map[string]any{"name": "PORT", "value": strconv.Itoa(drillPort)}})
	container := pod["containers"].([]any)[0].(map[string]any)
	container["ports"] = []any{map[string]any{"name": "metrics", "containerPort": drillPort, "protocol": "TCP"}}
	container["readinessProbe"] = map[string]any{"httpGet": map[string]any{"path": "/", "port": "metrics"}}
	container["volumeMounts"] = append(container["volumeMounts"].([]any), map[string]any{"name": "results", "mountPath": "/results", "readOnly": true})
	// there is none before the first drill
	pod["volumes"] = append(pod["volumes"].([]any), map[string]any{"name": "results", "configMap": map[string]any{"name": drillName + "-results", "optional": true}})
	return pod
}

// pythonPod is one that "restricted" admits, with the program in it.
func pythonPod(image chart.Image, command string, grace int, env []any) map[string]any {
	return map[string]any{
		"automountServiceAccountToken": false, "enableServiceLinks": false, "terminationGracePeriodSeconds": grace,
		"securityContext": chart.RunAs(26),
		"containers": []any{map[string]any{
			"name": "drill", "image": image.String(), "command": []any{"python3", "-EsB", "/program/drill.py", command}, "env": env,
			"securityContext": chart.Unprivileged(),
			"resources":       map[string]any{"requests": map[string]any{"cpu": "10m", "memory": "64Mi"}, "limits": map[string]any{"memory": "256Mi"}},
			"volumeMounts":    []any{map[string]any{"name": "program", "mountPath": "/program", "readOnly": true}},
		}},
		"volumes": []any{map[string]any{"name": "program", "configMap": map[string]any{"name": drillName}}},
	}
}
