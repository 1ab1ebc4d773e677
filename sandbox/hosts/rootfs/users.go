package rootfs

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	gossh "golang.org/x/crypto/ssh"
)

// LoginUser is the user of cloud images that may use sudo without a password.
const LoginUser = "ubuntu"

// SearchPath is PATH inside a machine.
const SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Shell is the users' shell: that of this machine, whose programs they use.
func Shell() string {
	if _, err := os.Stat("/bin/bash"); err == nil {
		return "/bin/bash"
	}
	return "/bin/sh"
}

// Home is a user's home directory inside the machine.
func Home(user string) string {
	if user == "root" {
		return "/root"
	}
	return "/home/" + user
}

// Environment is the environment a user's processes start with.
func Environment(user string) []string {
	shell := Shell()
	return []string{"PATH=" + SearchPath, "LANG=C.UTF-8", "HOME=" + Home(user), "USER=" + user, "LOGNAME=" + user, "SHELL=" + shell}
}

// ExistingDir returns dir, or / when the machine has no such directory.
func (t Tree) ExistingDir(dir string) string {
	if info, err := os.Stat(filepath.Join(t.Dir, dir)); err != nil || !info.IsDir() {
		return "/"
	}
	return dir
}

// WriteAuthorizedKeys lets these keys, and no others, log in as either user.
func (t Tree) WriteAuthorizedKeys(keys []string) error {
	var content bytes.Buffer
	seen := map[string]bool{}
	for _, key := range keys {
		if !seen[key] {
			seen[key] = true
			fmt.Fprintln(&content, key)
		}
	}
	for _, user := range []string{"root", LoginUser} {
		dir := filepath.Join(t.Dir, Home(user), ".ssh")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "authorized_keys"), content.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

const hostKeyFile = "etc/ssh/ssh_host_ed25519_key"

// HostKey returns the machine's SSH host key, making it when the user data gave none.
func (t Tree) HostKey(hostname string) (gossh.Signer, error) {
	path := filepath.Join(t.Dir, hostKeyFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		block, err := gossh.MarshalPrivateKey(private, "root@"+hostname)
		if err != nil {
			return nil, err
		}
		data = pem.EncodeToMemory(block)
		if err := t.WriteHostKey(data); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	signer, err := gossh.ParsePrivateKey(data)
	if err != nil {
		return nil, fmt.Errorf("SSH host key /%s: %w", hostKeyFile, err)
	}
	return signer, nil
}

// WriteHostKey makes this the machine's SSH host key.
func (t Tree) WriteHostKey(private []byte) error {
	signer, err := gossh.ParsePrivateKey(private)
	if err != nil {
		return err
	}
	path := filepath.Join(t.Dir, hostKeyFile)
	return errors.Join(
		os.WriteFile(path, private, 0o600),
		os.WriteFile(path+".pub", gossh.MarshalAuthorizedKey(signer.PublicKey()), 0o644),
	)
}
