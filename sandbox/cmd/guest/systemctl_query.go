package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

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
