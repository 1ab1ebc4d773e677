package arvan

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/yaml"
)

// cloudConfig is the part of cloud-init's user data that the machines need.
type cloudConfig struct {
	Hostname string `json:"hostname"`
	// SSHDeleteKeys drops the image's own host keys, so that the given one is the only one.
	SSHDeleteKeys     bool              `json:"ssh_deletekeys"`
	SSHKeys           map[string]string `json:"ssh_keys"`
	SSHAuthorizedKeys []string          `json:"ssh_authorized_keys,omitempty"`
	WriteFiles        []cloudFile       `json:"write_files,omitempty"`
	RunCommands       [][]string        `json:"runcmd,omitempty"`
}

type cloudFile struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

// defaultSSHPort is where an image's sshd listens by itself.
const defaultSSHPort = 22

// restartSSH makes sshd listen on the port it was just told. Ubuntu 24.04 starts it by a socket, whose port a generator
// takes from sshd's configuration when units are reloaded; Debian has no such socket.
const restartSSH = "systemctl daemon-reload; if systemctl is-active --quiet ssh.socket; then systemctl restart ssh.socket; fi; systemctl restart ssh"

// userData renders what a machine is told at its first boot; secret, because it holds the private host key.
func userData(hostname string, args *Args, hostKey *key) pulumi.StringOutput {
	return pulumi.All(hostKey.private, hostKey.public).ApplyT(func(keys []any) (string, error) {
		return renderUserData(hostname, args, keys[0].(string), keys[1].(string))
	}).(pulumi.StringOutput)
}

func renderUserData(hostname string, args *Args, private, public string) (string, error) {
	config := cloudConfig{
		Hostname:          hostname,
		SSHDeleteKeys:     true,
		SSHKeys:           map[string]string{"ed25519_private": private, "ed25519_public": public},
		SSHAuthorizedKeys: args.Cloud.AdminSSHKeys,
	}
	if args.Cloud.SSHPort != defaultSSHPort {
		config.WriteFiles = []cloudFile{{Path: "/etc/ssh/sshd_config.d/10-port.conf", Content: fmt.Sprintf("Port %d\n", args.Cloud.SSHPort)}}
		config.RunCommands = [][]string{{"sh", "-c", restartSSH}}
	}
	text, err := yaml.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("user data of %s: %w", hostname, err)
	}
	return "#cloud-config\n" + string(text), nil
}
