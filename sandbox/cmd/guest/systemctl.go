package main

import (
	"fmt"
	"net/http"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// systemctl speaks for the daemon's service manager. Exit statuses are systemctl's own.
func systemctl(args []string) (int, error) {
	o := options{
		flags: []string{
			"--now", "--no-block", "--no-pager", "--quiet", "-q", "--all", "-a", "--no-legend", "--force", "-f", "--value", "--full", "-l", "--system", "--plain", "--wait", "--no-ask-password", "--failed", "--runtime",
		},
		values: []string{"--property", "-p", "--type", "-t", "--state", "--signal", "-s", "--lines", "-n", "--output", "-o", "--kill-who", "--kill-whom"},
	}
	if err := o.parse(args); err != nil {
		return 1, err
	}
	if len(o.rest) == 0 {
		return listUnits(&o)
	}
	verb, names := o.rest[0], o.rest[1:]
	switch verb {
	case "daemon-reload", "daemon-reexec", "mask", "unmask", "set-default":
		return 0, nil
	case "is-system-running":
		fmt.Println("running")
		return 0, nil
	case "list-units", "list-unit-files":
		return listUnits(&o)
	case "list-timers":
		return listTimers(&o)
	case "reboot", "poweroff":
		return 0, call(http.MethodPost, guestapi.Power+verb, nil, nil)
	case "show":
		return show(&o, names)
	case "is-active", "is-failed", "is-enabled", "status":
		return query(&o, verb, names)
	case "start", "stop", "restart", "reset-failed", "enable", "disable", "kill":
		return change(&o, verb, names)
	case "reload-or-restart", "try-restart", "force-reload":
		return change(&o, "restart", names)
	default:
		return 1, errUsage(verb)
	}
}

// get asks for a unit.
func get(name string) (guestapi.Unit, error) {
	var unit guestapi.Unit
	err := call(http.MethodGet, guestapi.Units+name, nil, &unit)
	return unit, err
}
