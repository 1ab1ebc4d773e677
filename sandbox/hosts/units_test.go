package hosts_test

import (
	"io"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func TestServiceOutlivesTheSession(t *testing.T) {
	w := newWorld(t)
	w.boot("m1")
	const marker = "86397.125"
	client := w.dial("ubuntu", "m1")
	got := run(t, client, "", "sudo systemd-run --unit=job --setenv=A=1 --property=Environment=B=2 -p WorkingDirectory=/opt sh -c 'echo $A$B $HOME $(pwd); sleep "+marker+" & wait'")
	assert.Equal(t, got.code, 0, got.stderr)
	assert.Equal(t, got.stderr, "Running as unit: job.service\n")
	assert.NilError(t, client.Close())

	eventually(t, "its output is in the journal", func() bool {
		return strings.Contains(w.must("m1", "journalctl -u job -o cat"), "\n12 /root /opt")
	})
	assert.Equal(t, w.must("m1", "systemctl is-active job; systemctl show -p ActiveState,SubState,Result --value job.service"), "active\nsuccess\nactive\nrunning")
	second := w.run("m1", "sudo systemd-run --unit=job true")
	assert.Equal(t, second.code, 1)
	assert.Equal(t, second.stderr, "systemd-run: failed to start transient service unit: unit job.service was already loaded or has a fragment file\n")

	w.must("m1", "sudo systemctl stop job")
	assert.Assert(t, cmp.Len(processes(t, marker), 0))
	assert.Equal(t, w.run("m1", "systemctl is-active job"), result{stdout: "inactive\n", code: 3})
	assert.Equal(t, w.must("m1", "systemctl show -p LoadState,Result job"), "Result=success\nLoadState=not-found")
	w.must("m1", "sudo systemd-run --unit=job true")
}

func TestFailedServiceStaysUntilReset(t *testing.T) {
	w := newWorld(t)
	w.boot("m1")
	assert.Equal(t, w.run("m1", "sudo systemd-run --quiet --wait --unit=bad sh -c 'echo no; exit 3'").code, 3)
	assert.Equal(t, w.must("m1", "systemctl show bad -p ActiveState -p Result -p ExecMainCode -p ExecMainStatus"),
		"Result=exit-code\nExecMainCode=1\nExecMainStatus=3\nActiveState=failed")
	assert.Equal(t, w.run("m1", "systemctl status bad").code, 3)
	assert.Equal(t, w.must("m1", "journalctl -u bad -o cat -n 3"),
		"no\nbad.service: Main process exited, code=exited, status=3\nbad.service: Failed with result 'exit-code'.")
	w.must("m1", "sudo systemctl reset-failed bad")
	assert.Equal(t, w.run("m1", "systemctl status bad").code, 4)
	assert.Equal(t, w.run("m1", "systemctl stop bad").code, 5)

	assert.Equal(t, w.run("m1", "sudo systemd-run -q --wait --collect --unit=bad sh -c 'exit 4'").code, 4)
	assert.Equal(t, w.must("m1", "systemctl show -p LoadState --value bad"), "not-found", "a collected one is forgotten")
}

func TestServiceStop(t *testing.T) {
	w := newWorld(t)
	w.boot("m1")
	w.must("m1", "sudo systemd-run -q --unit=stubborn -p TimeoutStopSec=0.05 sh -c \"trap '' TERM; while :; do sleep 86396.125; done\"")
	eventually(t, "it runs", func() bool { return len(processes(t, "86396.125")) > 0 })
	w.must("m1", "sudo systemctl stop stubborn")
	assert.Assert(t, cmp.Len(processes(t, "86396.125"), 0))
	assert.Equal(t, w.must("m1", "systemctl show -p Result --value stubborn"), "timeout")

	w.must("m1", "sudo systemd-run -q --unit=killed sleep 86396.125; sudo systemctl kill -s KILL killed")
	eventually(t, "its end is noticed", func() bool {
		return w.must("m1", "systemctl show -p Result,ExecMainCode,ExecMainStatus --value killed") == "signal\n2\n9"
	})
	w.must("m1", "sudo systemd-run -q --wait --unit=long -p RuntimeMaxSec=0.05 sleep 86396.125 || true")
	assert.Equal(t, w.must("m1", "systemctl show -p Result --value long"), "timeout")
}

func TestServiceOutputToFile(t *testing.T) {
	w := newWorld(t)
	w.boot("m1")
	w.must("m1", "sudo systemd-run -q --wait --unit=a -p StandardOutput=append:/var/log/a.log sh -c 'echo one; echo two >&2'")
	assert.Equal(t, w.must("m1", "cat /var/log/a.log"), "one\ntwo")
	got := w.run("m1", "sudo systemd-run -q --unit=b -p StandardOutput=append:../../outside true")
	assert.Equal(t, got.code, 1)
	assert.Assert(t, cmp.Contains(got.stderr, "path escapes"))
}

func TestFollowedJournal(t *testing.T) {
	w := newWorld(t)
	w.boot("m1")
	w.must("m1", "mkfifo /tmp/go; sudo systemd-run -q --unit=talker sh -c 'echo first; read x < /tmp/go; echo second'")
	session, err := w.dial("ubuntu", "m1").NewSession()
	assert.NilError(t, err)
	stdout, err := session.StdoutPipe()
	assert.NilError(t, err)
	assert.NilError(t, session.Start("journalctl -fu talker -o cat --no-tail"))
	read := func(until string) {
		t.Helper()
		var seen strings.Builder
		one := make([]byte, 1)
		for !strings.HasSuffix(seen.String(), until) {
			_, err := io.ReadFull(stdout, one)
			assert.NilError(t, err, seen.String())
			seen.Write(one)
		}
	}
	read("\nfirst\n")
	w.must("m1", "echo > /tmp/go")
	read("second\n")
	assert.NilError(t, session.Close())
}

func TestUnitFiles(t *testing.T) {
	w := newWorld(t)
	w.boot("m1")
	w.must("m1", `printf '%s\n' '[Service]' 'Type=oneshot' 'RemainAfterExit=yes' 'Environment="A=b c"' 'ExecStart=/bin/sh -c "echo $A >> /var/ran"' '[Install]' 'WantedBy=multi-user.target' > /etc/systemd/system/once.service`)
	w.must("m1", "sudo systemctl daemon-reload; sudo systemctl enable --now once")
	eventually(t, "it ran", func() bool {
		return w.must("m1", "systemctl show -p ActiveState,SubState --value once") == "active\nexited"
	})
	assert.Equal(t, w.must("m1", "systemctl is-enabled once; cat /var/ran"), "enabled\nb c")

	assert.NilError(t, w.Reboot(t.Context(), "m1"))
	eventually(t, "it ran at boot", func() bool { return w.must("m1", "cat /var/ran") == "b c\nb c" })
	w.must("m1", "sudo systemctl disable once; sudo systemctl restart containerd; systemctl is-active containerd")
	assert.Equal(t, w.run("m1", "systemctl start no-such").stderr, "systemctl: failed to start no-such: unit no-such.service not found\n")
}
