package provider

import (
	"net/http"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/provider/emulator"
)

func TestVariantsOfTheAPI(t *testing.T) {
	for name, variants := range map[string]emulator.Variants{
		"missing servers are 400":    {MissingServerStatus: http.StatusBadRequest},
		"missing servers are 500":    {MissingServerStatus: http.StatusInternalServerError},
		"networks without data":      {SubnetReplyWithoutData: true},
		"groups with egress":         {GroupsWithEgress: true, ReadOnlyAsString: true},
		"detach by port, create 200": {DetachByPortOnly: true, CreateServerStatus: http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.SetSettings(emulator.Settings{Variants: variants})
			plugin := newPlugin(t, cloud)
			network := plugin.create(networkToken, map[string]any{"name": "cluster", "cidr": "10.10.0.0/24"})
			group := plugin.create(securityGroupToken, map[string]any{"name": "nodes"})
			inputs := serverInputs(plugin)
			inputs["networks"] = []any{map[string]any{"networkId": network.get("networkId")}}
			inputs["securityGroupIds"] = []any{group.get("securityGroupId")}
			server := plugin.create(serverToken, inputs)
			for _, thing := range []*thing{network, group, server} {
				thing.settled()
			}
			server.update(map[string]any{"networks": []any{}})
			server.settled()
			for _, thing := range []*thing{server, group, network} {
				thing.delete()
			}
			assert.Equal(t, len(cloud.Contents()), 0)
		})
	}
}

func TestLivesUnderTheVariantsOfTheAPI(t *testing.T) {
	for name, variants := range map[string]emulator.Variants{
		"2022": {OlderGroups: true, IPVersionAsNumber: true, TagIDsAsNumbers: true, TagAttachMethod: http.MethodPost, ReadOnlyAsString: true,
			ActionStatus: http.StatusOK, ErrorForm: "list", ListsOnly: true},
		"2026": {CreateServerStatus: http.StatusOK, SubnetReplyWithoutData: true, SSHKeyDeleteByPostOnly: true, TagAttachMethod: http.MethodPut,
			ActionStatus: http.StatusAccepted, ErrorForm: "nested", ListsOnly: true, FloatingIPDetach: "id"},
		"Terraform": {TerraformProvider: true},
	} {
		for _, token := range []tokens.Type{sshKeyToken, networkToken, securityGroupToken, serverToken, "arvancloud:iaas:ServerGroup",
			"arvancloud:storage:Volume", "arvancloud:storage:VolumeAttachment", "arvancloud:storage:Snapshot", "arvancloud:tagging:ServerTag",
			"arvancloud:networking:FloatingIpAttachment", "arvancloud:networking:PtrRecord", "arvancloud:networking:PortSecurity"} {
			t.Run(name+"/"+string(token), func(t *testing.T) {
				t.Parallel()
				cloud := newCloud(t)
				cloud.SetSettings(emulator.Settings{Variants: variants})
				live(t, cloud, newPlugin(t, cloud), token)
			})
		}
	}
}
