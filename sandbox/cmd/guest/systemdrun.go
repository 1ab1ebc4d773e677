package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// systemdRun starts a command as a service, detached from whoever asks.
func systemdRun(args []string) (int, error) {
	o := options{
		stop: true,
		flags: []string{
			"--collect", "-G", "--remain-after-exit", "-r", "--quiet", "-q", "--no-block", "--wait", "--system", "--no-ask-password", "--same-dir", "-d",
		},
		values: []string{
			"--unit", "-u", "--property", "-p", "--setenv", "-E", "--description", "--working-directory", "--uid", "--gid", "--slice", "--service-type", "--nice",
		},
	}
	if err := o.parse(args); err != nil {
		return 1, err
	}
	if len(o.rest) == 0 {
		return 1, errNoCommand
	}
	spec, err := unitSpec(&o)
	if err != nil {
		return 1, err
	}
	path := guestapi.Units
	if o.set["--wait"] {
		path += "?wait"
	}
	var unit guestapi.Unit
	if err := call(http.MethodPost, path, spec, &unit); err != nil {
		return 1, fmt.Errorf("failed to start transient service unit: %w", err)
	}
	if !o.set["--quiet"] && !o.set["-q"] {
		fmt.Fprintf(os.Stderr, "Running as unit: %s\n", spec.Name)
	}
	if o.set["--wait"] && unit.Result != "success" {
		return max(unit.ExecMainStatus, 1), nil
	}
	return 0, nil
}

func unitSpec(o *options) (guestapi.UnitSpec, error) {
	spec := guestapi.UnitSpec{
		Name: o.last("--unit", "-u"), Description: o.last("--description"), Command: o.rest,
		Collect: o.set["--collect"] || o.set["-G"], Properties: map[string]string{},
	}
	if spec.Name == "" {
		spec.Name = "run-r" + strings.ToLower(rand.Text())
	}
	if !strings.HasSuffix(spec.Name, ".service") {
		spec.Name += ".service"
	}
	path, err := exec.LookPath(spec.Command[0])
	if err != nil {
		return spec, fmt.Errorf("failed to find executable %s: %w", spec.Command[0], err)
	}
	spec.Command = append([]string{path}, spec.Command[1:]...)
	for option, property := range map[string]string{"--working-directory": "WorkingDirectory", "--uid": "User", "--service-type": "Type"} {
		if value := o.last(option); value != "" {
			spec.Properties[property] = value
		}
	}
	if o.set["--same-dir"] || o.set["-d"] {
		if spec.Properties["WorkingDirectory"], err = os.Getwd(); err != nil {
			return spec, err
		}
	}
	if o.set["--remain-after-exit"] || o.set["-r"] {
		spec.Properties["RemainAfterExit"] = "yes"
	}
	for _, property := range slices.Concat(o.got["--property"], o.got["-p"]) {
		name, value, found := strings.Cut(property, "=")
		switch {
		case !found:
			return spec, fmt.Errorf("property %q is not of the form NAME=VALUE", property)
		case name == "Environment":
			spec.Env = append(spec.Env, strings.Trim(value, `"'`))
		case name == "CollectMode":
			spec.Collect = value == "inactive-or-failed"
		default:
			spec.Properties[name] = value
		}
	}
	for _, variable := range slices.Concat(o.got["--setenv"], o.got["-E"]) {
		if !strings.Contains(variable, "=") {
			variable += "=" + os.Getenv(variable)
		}
		spec.Env = append(spec.Env, variable)
	}
	return spec, nil
}
