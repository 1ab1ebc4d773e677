package hosts

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
	gossh "golang.org/x/crypto/ssh"
)

// loginUser is the user of cloud images that may use sudo without a password.
const loginUser = "ubuntu"

// rootDirs are the directories a machine is born with.
var rootDirs = []string{
	"dev", "proc", "sys", "usr/local/bin", "usr/local/sbin", "usr/local/lib", "usr/local/share", "etc/ssh", "etc/systemd/system",
	"etc/default", "etc/sysctl.d", "etc/modules-load.d", "etc/sudoers.d", "etc/kubernetes", "etc/apt/sources.list.d", "etc/apt/apt.conf.d",
	"home/" + loginUser, "root", "opt", "srv", "mnt", "media", "boot", "tmp", "run/sandbox", "run/systemd/system", "run/lock",
	"var/lib/cloud/instance/scripts", "var/lib/kubelet", "var/log", "var/tmp", "var/cache", "var/spool", "var/backups",
}

// bootIDFile is shown as the kernel's boot ID.
const bootIDFile = "run/sandbox/boot_id"

const hostKeyFile = "etc/ssh/ssh_host_ed25519_key"

// prepareRoot makes the tree when it is missing and what a boot makes afresh: /run and the stand-ins.
func (m *machine) prepareRoot() error {
	root := m.root()
	if err := removeTree(filepath.Join(root, "run")); err != nil {
		return err
	}
	for _, dir := range rootDirs {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	for _, dir := range []string{"tmp", "var/tmp"} {
		if err := os.Chmod(filepath.Join(root, dir), 0o777|fs.ModeSticky); err != nil {
			return err
		}
	}
	if err := os.Chmod(filepath.Join(root, "root"), 0o700); err != nil {
		return err
	}
	if err := ensureSymlink("/run", filepath.Join(root, "var/run")); err != nil {
		return err
	}
	for _, name := range standIns {
		// Some callers look for system commands in the sbin directories only.
		for _, dir := range []string{"usr/local/bin", "usr/local/sbin"} {
			if err := ensureSymlink(guestapi.Binary, filepath.Join(root, dir, name)); err != nil {
				return err
			}
		}
	}
	for _, dir := range systemDirs {
		info, err := os.Lstat(dir)
		if err != nil {
			continue
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
				return err
			}
			continue
		}
		target, err := os.Readlink(dir)
		if err != nil {
			return err
		}
		if err := ensureSymlink(target, filepath.Join(root, dir)); err != nil {
			return err
		}
	}
	// The kernel's boot ID would stay the same over the machine's reboots, which is how Ansible notices them.
	boot := machineID(rand.Text())
	id := fmt.Sprintf("%s-%s-%s-%s-%s\n", boot[:8], boot[8:12], boot[12:16], boot[16:20], boot[20:])
	if err := os.WriteFile(filepath.Join(root, bootIDFile), []byte(id), 0o444); err != nil {
		return err
	}
	return m.writeSystemFiles()
}

// writeSystemFiles writes the files of /etc that are missing: what the machine changed stays.
func (m *machine) writeSystemFiles() error {
	state := m.snapshot()
	shell := "/bin/sh"
	if _, err := os.Stat("/bin/bash"); err == nil {
		shell = "/bin/bash"
	}
	files := map[string]string{
		"etc/hostname": state.Hostname + "\n",
		"etc/hosts":    "127.0.0.1 localhost\n127.0.1.1 " + state.Hostname + "\n",
		"etc/passwd": "root:x:0:0:root:/root:" + shell + "\n" + loginUser + ":x:0:0::/home/" + loginUser + ":" + shell +
			"\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
		"etc/group":         "root:x:0:\n" + loginUser + ":x:0:\nadm:x:4:\nsudo:x:27:" + loginUser + "\nnogroup:x:65534:\n",
		"etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n",
		"etc/fstab":         "",
		"etc/os-release":    osRelease(state.Machine.Image),
		"etc/environment":   "PATH=\"" + searchPath + "\"\n",
		"etc/profile":       "export PATH=" + searchPath + "\n[ -n \"$BASH\" ] && PS1='\\u@\\h:\\w\\$ '\n",
		"etc/machine-id":    machineID(state.Machine.ID) + "\n",
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
	if m.hosts.opts.KubectlBinary != "" {
		for _, name := range kubeNames {
			files["usr/local/bin/"+name] = ""
		}
	}
	for name, content := range files {
		path := filepath.Join(m.root(), name)
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
	return fmt.Sprintf("%x", digest(id))[:32]
}

// hostKey returns the machine's SSH host key, making it when the user data gave none.
func (m *machine) hostKey() (gossh.Signer, error) {
	path := filepath.Join(m.root(), hostKeyFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		block, err := gossh.MarshalPrivateKey(private, "root@"+m.hostname())
		if err != nil {
			return nil, err
		}
		data = pem.EncodeToMemory(block)
		if err := m.writeHostKey(data); err != nil {
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

func (m *machine) writeHostKey(private []byte) error {
	signer, err := gossh.ParsePrivateKey(private)
	if err != nil {
		return err
	}
	path := filepath.Join(m.root(), hostKeyFile)
	return errors.Join(
		os.WriteFile(path, private, 0o600),
		os.WriteFile(path+".pub", gossh.MarshalAuthorizedKey(signer.PublicKey()), 0o644),
	)
}

func ensureSymlink(target, path string) error {
	if current, err := os.Readlink(path); err == nil && current == target {
		return nil
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Symlink(target, path)
}

// removeTree removes a directory although some of it may be write-protected.
func removeTree(dir string) error {
	if err := os.RemoveAll(dir); err == nil {
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return nil
	})
	return errors.Join(err, os.RemoveAll(dir))
}
