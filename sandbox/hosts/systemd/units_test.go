package systemd_test

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func TestServiceOutlivesTheSession(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	marker := lighttest.NewMarker()
	client := w.Login("ubuntu", "m1")
	got := lighttest.Run(t, client, "", "sudo systemd-run --unit=job --setenv=A=1 --property=Environment=B=2 -p WorkingDirectory=/opt sh -c 'echo $A$B $HOME $(pwd); sleep "+marker+" & wait'")
	assert.Equal(t, got.Code, 0, got.Stderr)
	assert.Equal(t, got.Stderr, "Running as unit: job.service\n")
	assert.NilError(t, client.Close())

	lighttest.Eventually(t, "its output is in the journal", func() bool {
		return strings.Contains(w.Must("m1", "journalctl -u job -o cat"), "\n12 /root /opt")
	})
	assert.Equal(t, w.Must("m1", "systemctl is-active job; systemctl show -p ActiveState,SubState,Result --value job.service"), "active\nsuccess\nactive\nrunning")
	second := w.Run("m1", "sudo systemd-run --unit=job true")
	assert.Equal(t, second.Code, 1)
	assert.Equal(t, second.Stderr, "systemd-run: failed to start transient service unit: unit job.service was already loaded or has a fragment file\n")

	w.Must("m1", "sudo systemctl stop job")
	assert.Assert(t, cmp.Len(lighttest.Processes(t, marker), 0))
	assert.Equal(t, w.Run("m1", "systemctl is-active job"), lighttest.Result{Stdout: "inactive\n", Code: 3})
	assert.Equal(t, w.Must("m1", "systemctl show -p LoadState,Result job"), "Result=success\nLoadState=not-found")
	w.Must("m1", "sudo systemd-run --unit=job true")
}

func TestFailedServiceStaysUntilReset(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	assert.Equal(t, w.Run("m1", "sudo systemd-run --quiet --wait --unit=bad sh -c 'echo no; exit 3'").Code, 3)
	assert.Equal(t, w.Must("m1", "systemctl show bad -p ActiveState -p Result -p ExecMainCode -p ExecMainStatus"),
		"Result=exit-code\nExecMainCode=1\nExecMainStatus=3\nActiveState=failed")
	assert.Equal(t, w.Run("m1", "systemctl status bad").Code, 3)
	assert.Equal(t, w.Must("m1", "journalctl -u bad -o cat -n 3"),
		"no\nbad.service: Main process exited, code=exited, status=3\nbad.service: Failed with result 'exit-code'.")
	w.Must("m1", "sudo systemctl reset-failed bad")
	assert.Equal(t, w.Run("m1", "systemctl status bad").Code, 4)
	assert.Equal(t, w.Run("m1", "systemctl stop bad").Code, 5)

	assert.Equal(t, w.Run("m1", "sudo systemd-run -q --wait --collect --unit=bad sh -c 'exit 4'").Code, 4)
	assert.Equal(t, w.Must("m1", "systemctl show -p LoadState --value bad"), "not-found", "a collected one is forgotten")
}

func TestServiceStop(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	marker := lighttest.NewMarker()
	w.Must("m1", "sudo systemd-run -q --unit=stubborn -p TimeoutStopSec=0.05 sh -c \"trap '' TERM; touch /run/deaf; while :; do sleep "+marker+"; done\"")
	lighttest.Eventually(t, "it runs, and does not hear", func() bool { return w.Run("m1", "test -e /run/deaf").Code == 0 })
	w.Must("m1", "sudo systemctl stop stubborn")
	assert.Assert(t, cmp.Len(lighttest.Processes(t, marker), 0))
	assert.Equal(t, w.Must("m1", "systemctl show -p Result --value stubborn"), "timeout")

	w.Must("m1", "sudo systemd-run -q --unit=killed sleep 86396.125; sudo systemctl kill -s KILL killed")
	lighttest.Eventually(t, "its end is noticed", func() bool {
		return w.Must("m1", "systemctl show -p Result,ExecMainCode,ExecMainStatus --value killed") == "signal\n2\n9"
	})
	w.Must("m1", "sudo systemd-run -q --wait --unit=long -p RuntimeMaxSec=0.05 sleep 86396.125 || true")
	assert.Equal(t, w.Must("m1", "systemctl show -p Result --value long"), "timeout")
}

func TestServiceOutputToFile(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	w.Must("m1", "sudo systemd-run -q --wait --unit=a -p StandardOutput=append:/var/log/a.log sh -c 'echo one; echo two >&2'")
	assert.Equal(t, w.Must("m1", "cat /var/log/a.log"), "one\ntwo")
	got := w.Run("m1", "sudo systemd-run -q --unit=b -p StandardOutput=append:../../outside true")
	assert.Equal(t, got.Code, 1)
	assert.Assert(t, cmp.Contains(got.Stderr, "path escapes"))
}

func TestFollowedJournal(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	w.Must("m1", "mkfifo /tmp/go; sudo systemd-run -q --unit=talker sh -c 'echo first; read x < /tmp/go; echo second'")
	session, err := w.Login("ubuntu", "m1").NewSession()
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
	w.Must("m1", "echo > /tmp/go")
	read("second\n")
	assert.NilError(t, session.Close())
}

func TestUnitFiles(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	w.Must("m1", `printf '%s\n' '[Service]' 'Type=oneshot' 'RemainAfterExit=yes' 'Environment="A=b c"' 'ExecStart=/bin/sh -c "echo $A >> /var/ran"' '[Install]' 'WantedBy=multi-user.target' > /etc/systemd/system/once.service`)
	w.Must("m1", "sudo systemctl daemon-reload; sudo systemctl enable --now once")
	lighttest.Eventually(t, "it ran", func() bool {
		return w.Must("m1", "systemctl show -p ActiveState,SubState --value once") == "active\nexited"
	})
	assert.Equal(t, w.Must("m1", "systemctl is-enabled once; cat /var/ran"), "enabled\nb c")

	assert.NilError(t, w.Reboot(t.Context(), "m1"))
	lighttest.Eventually(t, "it ran at boot", func() bool { return w.Must("m1", "cat /var/ran") == "b c\nb c" })
	w.Must("m1", "sudo systemctl disable once; sudo systemctl restart containerd; systemctl is-active containerd")
	assert.Equal(t, w.Run("m1", "systemctl start no-such").Stderr, "systemctl: failed to start no-such: unit no-such.service not found\n")
}

func TestOneshotService(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	service := func(name, command string) {
		w.Must("m1", "printf '%s\\n' '[Service]' 'Type=oneshot' 'Restart=on-failure' 'ExecStart=/bin/sh -c \""+command+"\"' > /etc/systemd/system/"+name+".service")
	}
	service("good", "sleep 0.1; echo ran >> /var/ran")
	assert.Equal(t, w.Must("m1", "sudo systemctl start good.service; cat /var/ran; systemctl show -p ActiveState,Result --value good"), "ran\nsuccess\ninactive")
	service("bad", "exit 7")
	got := w.Run("m1", "sudo systemctl start bad")
	assert.Equal(t, got.Code, 1)
	assert.Equal(t, got.Stderr, "systemctl: failed to start bad: job for bad.service failed because its main process ended with result 'exit-code': see journalctl -u bad.service\n")
	assert.Equal(t, w.Must("m1", "systemctl show -p ActiveState,ExecMainStatus --value bad"), "7\nfailed")
	w.Must("m1", "sudo systemctl start --no-block bad")
	w.Must("m1", "echo ExecStart=/bin/true >> /etc/systemd/system/good.service")
	assert.Equal(t, w.Run("m1", "sudo systemctl start good").Stderr, "systemctl: failed to start good: unit good.service: the sandbox knows only one ExecStart= of a service\n")
	w.Must("m1", "sudo systemd-run -q --wait --unit=again -p Restart=on-failure true")
}

func TestTimers(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	w.Must("m1", `printf '%s\n' '[Unit]' 'Description=Backup at night' '[Timer]' 'OnCalendar=*-*-* 03:15:00' 'Persistent=true' '[Install]' 'WantedBy=timers.target' > /etc/systemd/system/backup.timer`)
	assert.Equal(t, w.Run("m1", "sudo systemctl start backup.timer").Stderr,
		"systemctl: failed to start backup.timer: unit backup.service to trigger: unit backup.service not found\n")
	w.Must("m1", `printf '%s\n' '[Service]' 'Type=oneshot' 'ExecStart=/bin/sh -c "echo backup >> /var/ran"' > /etc/systemd/system/backup.service`)
	assert.Assert(t, cmp.Contains(w.Must("m1", "systemctl list-timers"), "0 timers listed"))
	w.Must("m1", "sudo systemctl daemon-reload; sudo systemctl enable --now backup.timer")
	assert.Equal(t, w.Must("m1", "systemctl is-active backup.timer; systemctl is-enabled backup.timer; systemctl show -p SubState,Description --value backup.timer; systemctl is-active backup || true"),
		"active\nenabled\nBackup at night\nwaiting\ninactive")
	listed := regexp.MustCompile(`^[A-Z][a-z]{2} \d{4}-\d\d-\d\d 03:15:00 UTC \S+ (.+) backup.timer backup.service OnCalendar=\*-\*-\* 03:15:00$`)
	last := func() string {
		line := w.Must("m1", "systemctl list-timers --no-legend")
		match := listed.FindStringSubmatch(line)
		assert.Assert(t, match != nil, line)
		return match[1]
	}
	assert.Equal(t, last(), "-", "enabling it is no reason to make up for anything")
	w.Must("m1", "sudo systemctl start backup.service; grep backup /var/ran")
	assert.Assert(t, last() != "-", "when its service last ran is listed")

	assert.NilError(t, w.Reboot(t.Context(), "m1"))
	lighttest.Eventually(t, "it is started at boot", func() bool { return w.Run("m1", "systemctl is-active backup.timer").Code == 0 })
	assert.Equal(t, w.Must("m1", "cat /var/ran"), "backup", "nothing was missed while it was off")
	w.Must("m1", "sudo systemctl disable --now backup.timer")
	assert.Equal(t, w.Run("m1", "systemctl is-active backup.timer").Stdout, "inactive\n")
	w.Must("m1", "sed -i /OnCalendar/d /etc/systemd/system/backup.timer")
	assert.Assert(t, cmp.Contains(w.Run("m1", "sudo systemctl start backup.timer").Stderr, "lacks a value setting"))
	assert.Equal(t, w.Run("m1", "sudo systemctl start other.timer").Stderr, "systemctl: failed to start other.timer: unit other.timer not found\n")
}

func TestTimersElapse(t *testing.T) {
	w := lighttest.New(t)
	w.Make("m1")
	// each timer has a service of its own: what counts from an event begins without one
	timer := func(name, settings string) (ran func(times int) func() bool) {
		w.Must("m1", `printf '%s\n' '[Service]' 'Type=oneshot' 'ExecStart=/bin/sh -c "echo ran >> /var/`+name+`"' > /etc/systemd/system/`+name+`.service`)
		w.Must("m1", "printf '%s\\n' '[Timer]' "+settings+" > /etc/systemd/system/"+name+".timer; sudo systemctl start "+name+".timer")
		return func(times int) func() bool {
			return func() bool { return strings.Count(w.Run("m1", "cat /var/"+name).Stdout, "ran") >= times }
		}
	}
	ran := timer("clock", "'OnCalendar=*:*:*'")
	lighttest.Eventually(t, "it elapses every second", ran(2))
	ran = timer("often", "OnActiveSec=100ms OnUnitActiveSec=200ms")
	lighttest.Eventually(t, "it elapses some time after it was started, and after each start of its service", ran(3))
	ran = timer("after", "OnUnitInactiveSec=100ms")
	assert.Assert(t, !ran(1)(), "its service never ran")
	w.Must("m1", "sudo systemctl start after.service")
	lighttest.Eventually(t, "it elapses after the end of a service that somebody else started", ran(2))

	// what a timer missed while the machine was off is made up for, once
	ran = timer("yearly", "OnCalendar=yearly Persistent=true")
	assert.Assert(t, !ran(1)(), "there is nothing to make up for yet")
	w.Must("m1", "sudo systemctl enable yearly.timer; touch -d '2 years ago' /var/lib/systemd/timers/stamp-yearly.timer")
	assert.NilError(t, w.Reboot(t.Context(), "m1"))
	lighttest.Eventually(t, "it makes up for what it missed", ran(1))
	lighttest.Eventually(t, "it remembers that it did", func() bool {
		return w.Must("m1", "find /var/lib/systemd/timers -name stamp-yearly.timer -mmin -5") != ""
	})
}
