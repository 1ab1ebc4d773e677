package light_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
	"gotest.tools/v3/assert"
)

const playbook = `
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - {command: hostname, changed_when: false, register: name}
    - copy: {content: "{{ name.stdout }}\n", dest: /etc/greeting, owner: root, mode: "0600"}
    - file: {path: /var/lib/thing, state: directory}
    - lineinfile: {path: /etc/hosts, line: "10.0.0.2 w1.cluster"}
    - systemd: {name: containerd, state: started, enabled: true}
`

const inventory = `
all:
  hosts:
    m1: {ansible_host: 10.0.0.1}
    w1: {ansible_host: 10.0.0.2}
  vars: {ansible_user: ubuntu, ansible_python_interpreter: /usr/bin/python3}
`

// TestAnsible runs the real ansible-playbook, detached on one machine, against that machine and another by their private
// addresses.
func TestAnsible(t *testing.T) {
	if _, err := exec.LookPath("ansible-playbook"); err != nil {
		t.Skip("ansible-playbook is not installed")
	}
	w := lighttest.New(t)
	w.Make("m1", "w1")
	withKey(w, "m1")
	root := w.Login("root", "m1")
	lighttest.Run(t, root, playbook, "cat > play.yml")
	lighttest.Run(t, root, inventory, "cat > hosts.yaml")

	for _, changed := range []int{3, 0} { // and nothing more to do the second time
		start := time.Now()
		got := lighttest.Run(t, root, "", "systemd-run -q --wait --collect --unit=play --working-directory=/root -E ANSIBLE_PIPELINING=True "+
			"-E ANSIBLE_SSH_ARGS='-o ControlMaster=auto -o ControlPersist=30m' ansible-playbook -i hosts.yaml play.yml; r=$?; journalctl -u play -o cat; exit $r")
		assert.Equal(t, got.Code, 0, got.Stdout)
		for _, host := range []string{"m1", "w1"} {
			want := fmt.Sprintf("%-27s: ok=5    changed=%d    unreachable=0    failed=0", host, changed)
			assert.Assert(t, strings.Contains(got.Stdout, want), "%s not in:\n%s", want, got.Stdout)
		}
		t.Logf("5 tasks on 2 hosts: %.1f s, %.2f s per task", time.Since(start).Seconds(), time.Since(start).Seconds()/5)
	}
	assert.Equal(t, w.Must("w1", "sudo cat /etc/greeting; grep -c w1.cluster /etc/hosts; test -d /var/lib/thing"), "w1\n1")
}
