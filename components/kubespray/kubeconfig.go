package kubespray

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/yaml"
)

// publicKubeconfig is the kubeconfig found on the runner with every server replaced by the endpoint, as a secret: what
// Kubespray writes names a private address.
func publicKubeconfig(found pulumi.StringOutput, cluster string, endpoint pulumi.StringOutput) pulumi.StringOutput {
	rewritten := pulumi.All(found, endpoint).ApplyT(func(values []any) (string, error) {
		return withServer(values[0].(string), cluster, values[1].(string))
	}).(pulumi.StringOutput)
	return pulumi.ToSecret(rewritten).(pulumi.StringOutput)
}

func withServer(kubeconfig, name, server string) (string, error) {
	var config map[string]any
	if err := yaml.Unmarshal([]byte(kubeconfig), &config); err != nil {
		// The parser's error may quote the file, which is a credential.
		return "", fmt.Errorf("cluster %s: the kubeconfig on the runner is not YAML", name)
	}
	clusters, _ := config["clusters"].([]any)
	if len(clusters) == 0 {
		return "", fmt.Errorf("cluster %s: the kubeconfig on the runner names no cluster", name)
	}
	for _, item := range clusters {
		named, _ := item.(map[string]any)
		cluster, _ := named["cluster"].(map[string]any)
		if cluster == nil {
			return "", errors.New("cluster " + name + ": the kubeconfig on the runner has a cluster without a server")
		}
		cluster["server"] = server
	}
	text, err := yaml.Marshal(config)
	return string(text), err
}
