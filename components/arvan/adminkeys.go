package arvan

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"golang.org/x/crypto/ssh"
)

// adminKeysScript says what becomes of the keys on a machine.
//
//go:embed scripts/admin_keys.py
var adminKeysScript string

// adminKeysCommand runs it, as root: the keys of a first boot are in root's file too.
const adminKeysCommand = `sudo -n python3 - "$HOME/.ssh/authorized_keys" /root/.ssh/authorized_keys /var/lib/cloud/instance/user-data.txt`

// adminKeysProgram is the script with the keys in it.
func adminKeysProgram(keys []string, own *key) pulumi.StringOutput {
	return own.public.ApplyT(func(own string) string { return renderAdminKeys(keys, own) }).(pulumi.StringOutput)
}

func renderAdminKeys(keys []string, own string) string {
	var list strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&list, "    %s,\n", strconv.QuoteToASCII(key)) // Python reads it as Go does
	}
	return strings.NewReplacer(`OWN = ""`, "OWN = "+strconv.QuoteToASCII(own), "WANTED = []", "WANTED = [\n"+list.String()+"]").Replace(adminKeysScript)
}

// AdminKeys are the administrators' keys that the last update let in, by machine.
type AdminKeys map[string][]string

// Take keeps what a command of the state's has told, if it is one that lets keys in.
func (k AdminKeys) Take(command, stdout string) error {
	machine, is := strings.CutSuffix(command, adminKeysSuffix)
	if !is || stdout == "" {
		return nil
	}
	keys := []string{}
	err := json.Unmarshal([]byte(stdout), &keys)
	k[machine] = keys
	return err
}

// tellAdminKeys says in a preview whose keys come to machines that run, and whose go.
func (args *Args) tellAdminKeys(ctx *pulumi.Context) error {
	if !ctx.DryRun() {
		return nil
	}
	for _, line := range args.adminKeysNews() {
		if err := ctx.Log.Info(line, nil); err != nil {
			return err
		}
	}
	return nil
}

// adminKeysNews are a line for each key, with the machines that it comes to or goes from.
func (args *Args) adminKeysNews() []string {
	wanted := args.Cloud.AdminSSHKeys
	var keys, first []string // all keys, in the order in which they are come across; machines of which nobody wrote down which they have
	added, removed := map[string][]string{}, map[string][]string{}
	for _, node := range args.Nodes {
		if _, runs := args.Running[node.Name]; !runs {
			continue
		}
		had, told := args.AdminKeys[node.Name]
		if !told {
			first = append(first, node.Name)
			continue
		}
		for _, key := range slices.Concat(wanted, had) {
			switch {
			case !slices.Contains(had, key):
				added[key] = append(added[key], node.Name)
			case !slices.Contains(wanted, key):
				removed[key] = append(removed[key], node.Name)
			default:
				continue
			}
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	var lines []string
	for _, key := range keys {
		if on := added[key]; on != nil {
			lines = append(lines, fmt.Sprintf("cloud.adminSshKeys: %s may log in to %s", keyName(key), strings.Join(on, ", ")))
		} else {
			lines = append(lines, fmt.Sprintf("cloud.adminSshKeys: %s may not log in any more to %s", keyName(key), strings.Join(removed[key], ", ")))
		}
	}
	if len(first) > 0 {
		lines = append(lines, fmt.Sprintf("cloud.adminSshKeys: of the keys that %s were made with, these stay: %s", strings.Join(first, ", "), keyNames(wanted)))
	}
	return lines
}

// keyName is what people know a key by: its comment and its fingerprint.
func keyName(text string) string {
	key, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return text
	}
	return strings.TrimSpace(comment + " " + ssh.FingerprintSHA256(key))
}

func keyNames(keys []string) string {
	if len(keys) == 0 {
		return "none"
	}
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = keyName(key)
	}
	return strings.Join(names, ", ")
}
