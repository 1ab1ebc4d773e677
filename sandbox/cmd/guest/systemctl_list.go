package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// listUnits lists services and timers, one a line.
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
