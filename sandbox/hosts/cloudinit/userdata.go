// Package cloudinit does what a machine's user data asks for, once in the machine's life.
package cloudinit

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	gossh "golang.org/x/crypto/ssh"
	"sigs.k8s.io/yaml"
)

// UserData is what the machine's creator asked for its first boot.
type UserData struct {
	Hostname       string
	AuthorizedKeys []string
	HostKey        string // private, OpenSSH or PEM format
	Files          []userFile
	Script         string   // what runs last; empty for none
	Ignored        []string // keys of the cloud-config that the sandbox does not know
}

// userFile is an entry of write_files.
type userFile struct {
	Path    string
	Content []byte
	Mode    fs.FileMode
	Append  bool
}

// cloudConfig is the part of cloud-config that the sandbox acts on.
type cloudConfig struct {
	Hostname          string            `json:"hostname"`
	FQDN              string            `json:"fqdn"`
	SSHAuthorizedKeys []string          `json:"ssh_authorized_keys"`
	SSHKeys           map[string]string `json:"ssh_keys"`
	WriteFiles        []struct {
		Path        string `json:"path"`
		Content     string `json:"content"`
		Encoding    string `json:"encoding"`
		Permissions any    `json:"permissions"`
		Append      bool   `json:"append"`
	} `json:"write_files"`
	RunCmd []any `json:"runcmd"`
}

// harmless are keys of a cloud-config that ask for what a machine of the sandbox has anyway.
var harmless = []string{
	"hostname", "fqdn", "ssh_authorized_keys", "ssh_keys", "write_files", "runcmd", "package_update", "package_upgrade", "packages",
	"manage_etc_hosts", "preserve_hostname", "ssh_deletekeys", "ssh_pwauth", "disable_root", "prefer_fqdn_over_hostname", "timezone", "growpart",
}

// Parse understands a cloud-config and a script that starts with #!.
func Parse(text string) (UserData, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return UserData{}, nil
	case strings.HasPrefix(text, "#!"):
		return UserData{Script: text}, nil
	case strings.HasPrefix(text, "#cloud-config"):
		return parseCloudConfig(text)
	default:
		first, _, _ := strings.Cut(text, "\n")
		return UserData{}, fmt.Errorf("user data starts with %.40q: the sandbox knows #cloud-config and scripts that start with #!", first)
	}
}

func parseCloudConfig(text string) (UserData, error) {
	var config cloudConfig
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		return UserData{}, fmt.Errorf("cloud-config: %w", err)
	}
	var keys map[string]any
	if err := yaml.Unmarshal([]byte(text), &keys); err != nil {
		return UserData{}, fmt.Errorf("cloud-config: %w", err)
	}
	data := UserData{Hostname: config.Hostname, AuthorizedKeys: config.SSHAuthorizedKeys, HostKey: config.SSHKeys["ed25519_private"]}
	if data.Hostname == "" {
		data.Hostname, _, _ = strings.Cut(config.FQDN, ".")
	}
	if data.HostKey != "" {
		if _, err := gossh.ParsePrivateKey([]byte(data.HostKey)); err != nil {
			return UserData{}, fmt.Errorf("cloud-config: ssh_keys.ed25519_private: %w", err)
		}
	}
	for key := range keys {
		if !slices.Contains(harmless, key) {
			data.Ignored = append(data.Ignored, key)
		}
	}
	slices.Sort(data.Ignored)
	for i, file := range config.WriteFiles {
		content, err := decode(file.Content, file.Encoding)
		if err != nil {
			return UserData{}, fmt.Errorf("cloud-config: write_files[%d] %s: %w", i, file.Path, err)
		}
		mode, err := fileMode(file.Permissions)
		if err != nil {
			return UserData{}, fmt.Errorf("cloud-config: write_files[%d] %s: %w", i, file.Path, err)
		}
		data.Files = append(data.Files, userFile{Path: file.Path, Content: content, Mode: mode, Append: file.Append})
	}
	if len(config.RunCmd) > 0 {
		script, err := runScript(config.RunCmd)
		if err != nil {
			return UserData{}, err
		}
		data.Script = script
	}
	return data, nil
}

// decode undoes write_files' encodings.
func decode(content, encoding string) ([]byte, error) {
	data := []byte(content)
	for part := range strings.SplitSeq(strings.ReplaceAll(encoding, "base64", "b64"), "+") {
		if part == "b64" {
			decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(content), ""))
			if err != nil {
				return nil, err
			}
			data = decoded
		}
	}
	if strings.HasPrefix(encoding, "gz") {
		reader, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(reader)
	}
	return data, nil
}

// fileMode reads permissions, which YAML gives as a string ("0644") or, unquoted, as the number it means.
func fileMode(permissions any) (fs.FileMode, error) {
	switch value := permissions.(type) {
	case nil:
		return 0o644, nil
	case string:
		mode, err := strconv.ParseUint(strings.TrimPrefix(value, "0o"), 8, 32)
		return fs.FileMode(mode) & fs.ModePerm, err
	case float64:
		return fs.FileMode(value) & fs.ModePerm, nil
	default:
		return 0, fmt.Errorf("permissions %v are no octal number", permissions)
	}
}

// runScript makes the shell script that cloud-init makes of runcmd: lists are one command each, strings are shell lines.
// As there, a failing line does not stop the script; its last command decides.
func runScript(commands []any) (string, error) {
	var script strings.Builder
	script.WriteString("#!/bin/sh\n")
	for i, entry := range commands {
		switch value := entry.(type) {
		case string:
			script.WriteString(value + "\n")
		case []any:
			var words []string
			for _, word := range value {
				text, isString := word.(string)
				if !isString {
					encoded, err := json.Marshal(word)
					if err != nil {
						return "", err
					}
					text = string(encoded)
				}
				words = append(words, "'"+strings.ReplaceAll(text, "'", `'\''`)+"'")
			}
			script.WriteString(strings.Join(words, " ") + "\n")
		default:
			return "", fmt.Errorf("cloud-config: runcmd[%d] is neither a string nor a list", i)
		}
	}
	return script.String(), nil
}
