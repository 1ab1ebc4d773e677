package stacks

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestAPluginWithoutItsPulumiIsFound(t *testing.T) {
	const running = `
    1     0 /sbin/init
  100     1 /usr/bin/pulumi up --yes
  101   100 /root/.pulumi/plugins/resource-kubernetes-v4.33.0/pulumi-resource-kubernetes 127.0.0.1:4242
  102   100 /root/.pulumi/plugins/resource-command-v1.2.1/pulumi-resource-command 127.0.0.1:4242
  103     1 [pulumi-resource-kubernetes] <defunct>
  104     1 pulumi-resource-command 127.0.0.1:4242
`
	assert.Equal(t, orphan(running), "", "that one has a pulumi, of this update or of another stack's")
	assert.Equal(t, orphan(running+"  200     1 /opt/pulumi-resource-kubernetes 127.0.0.1:4242\n"), "200")
	assert.Equal(t, orphan(running+"  201   150 pulumi-resource-kubernetes 127.0.0.1:4242\n"), "201", "its parent is gone")
}

func TestAnotherMachineMayStillWork(t *testing.T) {
	assert.Equal(t, leftover("a-machine-that-is-not-this-one"), "something of it may still run on a-machine-that-is-not-this-one")
	assert.Equal(t, leftover(""), "something of it may still run on another machine", "earlier versions did not note it")
}
