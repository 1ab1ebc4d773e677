package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

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
