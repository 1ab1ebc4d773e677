package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

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
