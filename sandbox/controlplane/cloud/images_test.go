package cloud_test

import (
	"testing"

	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/controlplane/cloud"
)

func TestImageName(t *testing.T) {
	const digest = "@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"
	for image, want := range map[string]string{
		"redis":                               "docker.io/library/redis",
		"grafana/grafana:12.3.1":              "docker.io/grafana/grafana",
		"registry.k8s.io/pause:3.10":          "registry.k8s.io/pause",
		"registry.k8s.io/pause:3.10" + digest: "registry.k8s.io/pause",
		"quay.io/minio/minio" + digest:        "quay.io/minio/minio",
		"no image":                            "no image",
	} {
		assert.Equal(t, cloud.ImageName(image), want)
	}
}
