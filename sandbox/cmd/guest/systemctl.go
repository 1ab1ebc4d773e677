package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

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

// change does something to each unit.
func change(o *options, verb string, names []string) (int, error) {
	if len(names) == 0 {
		if verb != "reset-failed" {
			return 1, fmt.Errorf("too few arguments")
		}
		names = []string{"*"} // all of them
	}
	suffix := ""
	if verb == "kill" {
		number, err := signalNumber(o.last("--signal", "-s"))
		if err != nil {
			return 1, err
		}
		suffix = "?signal=" + strconv.Itoa(number)
	}
	if o.set["--no-block"] {
		suffix = "?no-block"
	}
	for _, name := range names {
		err := call(http.MethodPost, guestapi.Units+name+"/"+verb+suffix, nil, nil)
		if refused(err, http.StatusNotFound) {
			return 5, fmt.Errorf("failed to %s %s: %w", verb, name, err)
		}
		if err != nil {
			return 1, fmt.Errorf("failed to %s %s: %w", verb, name, err)
		}
		follow := map[string]string{"enable": "start", "disable": "stop"}[verb]
		if follow != "" && o.set["--now"] {
			if err := call(http.MethodPost, guestapi.Units+name+"/"+follow+suffix, nil, nil); err != nil {
				return 1, err
			}
		}
	}
	return 0, nil
}

func signalNumber(name string) (int, error) {
	if name == "" {
		return int(syscall.SIGTERM), nil
	}
	if number, err := strconv.Atoi(name); err == nil {
		return number, nil
	}
	numbers := map[string]syscall.Signal{
		"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT, "KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM,
		"USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT,
	}
	number, known := numbers[strings.TrimPrefix(name, "SIG")]
	if !known {
		return 0, errUsage(name)
	}
	return int(number), nil
}

// query answers questions about units in words and exit statuses.
func query(o *options, verb string, names []string) (int, error) {
	code := 0
	if verb == "is-active" || verb == "is-failed" {
		code = 3 // until one is
	}
	for _, name := range names {
		unit, err := get(name)
		if err != nil {
			return 1, err
		}
		word := unit.ActiveState
		switch verb {
		case "is-active":
			if unit.ActiveState == "active" {
				code = 0
			}
		case "is-failed":
			if unit.ActiveState == "failed" {
				code = 0
			}
		case "is-enabled":
			word = unit.UnitFileState
			if unit.LoadState == "not-found" {
				return 1, fmt.Errorf("failed to get unit file state for %s: no such file or directory", unit.Name)
			}
			if !slices.Contains([]string{"enabled", "static", "transient"}, word) {
				code = 1
			}
		case "status":
			if status, err := printStatus(unit); err != nil || status != 0 {
				code = status
				if err != nil {
					return code, err
				}
			}
			continue
		}
		if !o.set["--quiet"] && !o.set["-q"] {
			fmt.Println(word)
		}
	}
	return code, nil
}

func printStatus(unit guestapi.Unit) (int, error) {
	if unit.LoadState == "not-found" {
		return 4, fmt.Errorf("unit %s could not be found", unit.Name)
	}
	fmt.Printf("● %s - %s\n", unit.Name, unit.Description)
	fmt.Printf("     Loaded: %s (%s)\n", unit.LoadState, unit.UnitFileState)
	if unit.ActiveState == "failed" {
		fmt.Printf("     Active: failed (Result: %s) since %s\n", unit.Result, timestamp(unit.Exited))
	} else {
		fmt.Printf("     Active: %s (%s) since %s\n", unit.ActiveState, unit.SubState, timestamp(unit.Started))
	}
	if unit.MainPID != 0 {
		fmt.Printf("   Main PID: %d\n", unit.MainPID)
	} else if !unit.Exited.IsZero() {
		fmt.Printf("    Process: exited, status=%d\n", unit.ExecMainStatus)
	}
	body, err := open(http.MethodGet, guestapi.Units+unit.Name+"/journal?lines=10", nil)
	if err != nil {
		return 1, err
	}
	defer body.Close()
	fmt.Println()
	if _, err := io.Copy(os.Stdout, body); err != nil {
		return 1, err
	}
	if unit.ActiveState == "active" || unit.ActiveState == "activating" {
		return 0, nil
	}
	return 3, nil
}

// show prints properties as NAME=VALUE.
func show(o *options, names []string) (int, error) {
	var wanted []string
	for _, list := range slices.Concat(o.got["--property"], o.got["-p"]) {
		wanted = append(wanted, strings.Split(list, ",")...)
	}
	for i, name := range names {
		unit, err := get(name)
		if err != nil {
			return 1, err
		}
		if i > 0 {
			fmt.Println()
		}
		for _, property := range properties(unit) {
			switch {
			case len(wanted) > 0 && !slices.Contains(wanted, property[0]):
			case o.set["--value"]:
				fmt.Println(property[1])
			default:
				fmt.Println(property[0] + "=" + property[1])
			}
		}
	}
	return 0, nil
}

// properties are a unit's in the order that systemctl shows them.
func properties(unit guestapi.Unit) [][2]string {
	return [][2]string{
		{"Result", unit.Result},
		{"ExecMainStartTimestamp", timestamp(unit.Started)},
		{"ExecMainExitTimestamp", timestamp(unit.Exited)},
		{"MainPID", strconv.Itoa(unit.MainPID)},
		{"ExecMainPID", strconv.Itoa(unit.MainPID)},
		{"ExecMainCode", strconv.Itoa(unit.ExecMainCode)},
		{"ExecMainStatus", strconv.Itoa(unit.ExecMainStatus)},
		{"Id", unit.Name},
		{"Names", unit.Name},
		{"Description", unit.Description},
		{"LoadState", unit.LoadState},
		{"ActiveState", unit.ActiveState},
		{"SubState", unit.SubState},
		{"UnitFileState", unit.UnitFileState},
		{"ActiveEnterTimestamp", timestamp(unit.Started)},
		{"InactiveEnterTimestamp", timestamp(unit.Exited)},
	}
}

func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("Mon 2006-01-02 15:04:05 MST")
}

func listUnits(o *options) (int, error) {
	var units []guestapi.Unit
	if err := call(http.MethodGet, guestapi.Units, nil, &units); err != nil {
		return 1, err
	}
	state := o.last("--state")
	if o.set["--failed"] {
		state = "failed"
	}
	for _, unit := range units {
		if state == "" || state == unit.ActiveState || state == unit.SubState {
			fmt.Printf("%s %s %s %s %s\n", unit.Name, unit.LoadState, unit.ActiveState, unit.SubState, unit.Description)
		}
	}
	return 0, nil
}

// listTimers lists the timers that are active, or with --all those that are there.
func listTimers(o *options) (int, error) {
	var units []guestapi.Unit
	if err := call(http.MethodGet, guestapi.Units, nil, &units); err != nil {
		return 1, err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	if !o.set["--no-legend"] {
		fmt.Fprintln(table, "NEXT\tLEFT\tLAST\tUNIT\tACTIVATES\tSCHEDULE")
	}
	listed := 0
	for _, unit := range units {
		if unit.Timer == nil || unit.ActiveState != "active" && !o.set["--all"] && !o.set["-a"] {
			continue
		}
		next, left, last := timestamp(unit.Timer.Next), "-", timestamp(unit.Timer.Last)
		if next == "" {
			next = "-"
		} else {
			left = time.Until(unit.Timer.Next).Round(time.Second).String()
		}
		if last == "" {
			last = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", next, left, last, unit.Name, unit.Timer.Activates, strings.Join(unit.Timer.Schedule, " "))
		listed++
	}
	if err := table.Flush(); err != nil {
		return 1, err
	}
	if !o.set["--no-legend"] {
		fmt.Printf("\n%d timers listed.\n", listed)
	}
	return 0, nil
}

func get(name string) (guestapi.Unit, error) {
	var unit guestapi.Unit
	err := call(http.MethodGet, guestapi.Units+name, nil, &unit)
	return unit, err
}
