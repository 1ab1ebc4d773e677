package emulator

import (
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// sshKey is known by its name, and only in its zone.
type sshKey struct {
	Name        string    `json:"name"`
	PublicKey   string    `json:"publicKey"`
	Fingerprint string    `json:"fingerprint"`
	Created     time.Time `json:"created"`
}

func (k *sshKey) key() string { return k.Name }

func sshKeyRoutes(r *router) {
	r.handle("GET /ssh-keys", listSSHKeys)
	r.handle("POST /ssh-keys", createSSHKey)
	r.handle("GET /ssh-keys/{name}", readSSHKey)
	r.handle("DELETE /ssh-keys/{name}", deleteSSHKey)
	r.handle("POST /ssh-keys/{name}", deleteSSHKey) // the 2023 description's way
}

func listSSHKeys(c *call) reply {
	keys := []map[string]any{}
	for _, k := range c.zone.SSHKeys {
		keys = append(keys, k.view())
	}
	return withData(http.StatusOK, keys)
}

// createSSHKey answers with a message only. A malformed key is a 500, as documented.
func createSSHKey(c *call) reply {
	var body struct {
		Name      string `json:"name"`
		PublicKey string `json:"public_key"`
	}
	if refusal, ok := c.decode(&body); !ok {
		return refusal
	}
	if body.Name == "" || body.PublicKey == "" {
		errors := fieldErrors{}
		if body.Name == "" {
			errors.add("name", "The name field is required.")
		}
		if body.PublicKey == "" {
			errors.add("public_key", "The public key field is required.")
		}
		return invalid(errors)
	}
	parsed, _, _, _, err := ssh.ParseAuthorizedKey([]byte(body.PublicKey))
	if err != nil {
		return failure(http.StatusInternalServerError, "The public key is not valid.")
	}
	if _, exists := find(c.zone.SSHKeys, body.Name); exists {
		return failure(http.StatusConflict, "Key pair '"+body.Name+"' already exists.")
	}
	if refusal, over := overQuota("key pairs", len(c.zone.SSHKeys), 1, c.emulator.options.Quota.SSHKeys); over {
		return refusal
	}
	k := &sshKey{
		Name: body.Name, PublicKey: strings.TrimSpace(body.PublicKey), Fingerprint: ssh.FingerprintLegacyMD5(parsed), Created: c.now,
	}
	c.zone.SSHKeys = append(c.zone.SSHKeys, k)
	c.changed()
	const message = "SSH key created successfully."
	if c.emulator.options.Variants.TerraformProvider {
		return withDataAndMessage(http.StatusCreated, k.view(), message) // it takes the name from there, and panics without
	}
	return withMessage(http.StatusCreated, message)
}

func readSSHKey(c *call) reply {
	k, ok := find(c.zone.SSHKeys, c.param("name"))
	if !ok {
		return notFound("SSH key")
	}
	return withData(http.StatusOK, k.view())
}

func deleteSSHKey(c *call) reply {
	if c.method == http.MethodDelete && c.emulator.options.Variants.SSHKeyDeleteByPostOnly {
		return failure(http.StatusNotFound, "Not Found")
	}
	if _, ok := find(c.zone.SSHKeys, c.param("name")); !ok {
		return notFound("SSH key")
	}
	c.zone.SSHKeys = without(c.zone.SSHKeys, c.param("name"))
	c.changed()
	return withMessage(http.StatusOK, "SSH key deleted successfully.")
}

func (k *sshKey) view() map[string]any {
	return map[string]any{
		"name": k.Name, "public_key": k.PublicKey, "fingerprint": k.Fingerprint, "created_at": timestamp(k.Created),
	}
}
