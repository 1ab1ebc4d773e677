package rootfs

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeSystemFiles writes the files of /etc that are missing: what the machine changed stays.
func (t Tree) writeSystemFiles(identity Identity) error {
	shell := Shell()
	files := map[string]string{
		"etc/hostname": identity.Hostname + "\n",
		"etc/hosts":    "127.0.0.1 localhost\n127.0.1.1 " + identity.Hostname + "\n",
		"etc/passwd": "root:x:0:0:root:/root:" + shell + "\n" + LoginUser + ":x:0:0::/home/" + LoginUser + ":" + shell +
			"\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
		"etc/group":         "root:x:0:\n" + LoginUser + ":x:0:\nadm:x:4:\nsudo:x:27:" + LoginUser + "\nnogroup:x:65534:\n",
		"etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n",
		"etc/fstab":         "",
		"etc/os-release":    osRelease(identity.Image),
		"etc/environment":   "PATH=\"" + SearchPath + "\"\n",
		"etc/profile":       "export PATH=" + SearchPath + "\n[ -n \"$BASH\" ] && PS1='\\u@\\h:\\w\\$ '\n",
		"etc/machine-id":    machineID(identity.ID) + "\n",
		// ssh takes ~ from /etc/passwd, where uid 0 is root's whoever logged in: ${HOME} is right for both users.
		"etc/ssh/ssh_config": "# Private addresses exist on no interface of the sandbox: its daemon connects instead.\n" +
			"Host *\n    ProxyCommand /usr/local/bin/guest dial %h %p\n" +
			"    UserKnownHostsFile ${HOME}/.ssh/known_hosts\n" +
			"    IdentityFile ${HOME}/.ssh/id_ed25519\n    IdentityFile ${HOME}/.ssh/id_ecdsa\n    IdentityFile ${HOME}/.ssh/id_rsa\n",
	}
	if resolver, err := os.ReadFile("/etc/resolv.conf"); err == nil {
		files["etc/resolv.conf"] = string(resolver)
	}
	// Places that bwrap puts files of this machine on.
	files["usr/local/bin/guest"] = ""
	if t.KubectlBinary != "" {
		for _, name := range kubeNames {
			files["usr/local/bin/"+name] = ""
		}
	}
	for name, content := range files {
		path := filepath.Join(t.Dir, name)
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// osRelease renders /etc/os-release for an image such as "ubuntu/24.04" or "debian 12".
func osRelease(image string) string {
	name, version, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(image, "/", " ")), " ")
	codenames := map[string]string{"11": "bullseye", "12": "bookworm", "13": "trixie", "20.04": "focal", "22.04": "jammy", "24.04": "noble", "26.04": "resolute"}
	version = strings.TrimSpace(version)
	code := codenames[version]
	title, family := "Debian GNU/Linux", ""
	if name == "ubuntu" {
		title, family = "Ubuntu", "ID_LIKE=debian\n"
	} else {
		name = "debian"
	}
	return fmt.Sprintf("PRETTY_NAME=\"%s %s\"\nNAME=\"%s\"\nVERSION_ID=\"%s\"\nVERSION=\"%s (%s)\"\nVERSION_CODENAME=%s\nID=%s\n%s",
		title, version, title, version, version, code, code, name, family)
}

// machineID makes 32 hexadecimal digits of an ID, always the same ones.
func machineID(id string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(id)))[:32]
}

// Rename changes the hostname that the files say.
func (t Tree) Rename(old, name string) error {
	root, err := t.Open()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.WriteFile("etc/hostname", []byte(name+"\n"), 0o644); err != nil {
		return err
	}
	hosts, err := root.ReadFile("etc/hosts")
	if err != nil {
		return err
	}
	return root.WriteFile("etc/hosts", []byte(strings.ReplaceAll(string(hosts), "127.0.1.1 "+old+"\n", "127.0.1.1 "+name+"\n")), 0o644)
}
