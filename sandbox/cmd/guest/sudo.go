package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// searchPath is sudo's secure_path.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// sudo runs a command as another user. All users of a machine of the sandbox are uid 0, so this changes the environment only.
func sudo(args []string) (int, error) {
	o := options{
		stop:   true,
		flags:  []string{"-H", "-S", "-n", "-E", "-i", "-s", "-k", "-K", "-v", "-l", "-b", "-P", "--login", "--shell", "--non-interactive", "--stdin", "--set-home", "--preserve-env", "--validate", "--list"},
		values: []string{"-u", "-g", "-p", "-C", "-h", "-D", "--user", "--group", "--prompt", "--chdir"},
	}
	if err := o.parse(args); err != nil {
		return 1, err
	}
	user := o.last("-u", "--user")
	if user == "" {
		user = "root"
	}
	var kept []string
	for _, list := range o.got["--preserve-env"] {
		kept = append(kept, strings.Split(list, ",")...)
	}
	environment := sudoEnvironment(user, o.set["-E"] || o.set["--preserve-env"] && len(kept) == 0, kept)
	command := o.rest
	for len(command) > 0 && strings.Contains(command[0], "=") && !strings.HasPrefix(command[0], "/") {
		environment = append(environment, command[0])
		command = command[1:]
	}
	login, shell := o.set["-i"] || o.set["--login"], o.set["-s"] || o.set["--shell"]
	switch {
	case login && len(command) == 0:
		command = []string{userShell(), "-l"}
	case login:
		command = []string{userShell(), "-l", "-c", strings.Join(command, " ")}
	case shell && len(command) == 0:
		command = []string{userShell()}
	case shell:
		command = []string{userShell(), "-c", strings.Join(command, " ")}
	case len(command) == 0 && (o.set["-l"] || o.set["--list"]):
		os.Stdout.WriteString("    (ALL : ALL) NOPASSWD: ALL\n")
		return 0, nil
	case len(command) == 0 && (o.set["-v"] || o.set["--validate"] || o.set["-k"] || o.set["-K"]):
		return 0, nil
	case len(command) == 0:
		return 1, errNoCommand
	}
	if login {
		if err := os.Chdir(homeOf(user)); err != nil {
			return 1, err
		}
	} else if dir := o.last("-D", "--chdir"); dir != "" {
		if err := os.Chdir(dir); err != nil {
			return 1, err
		}
	}
	if err := os.Setenv("PATH", searchPath); err != nil {
		return 1, err
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return 1, &commandNotFound{command[0]}
	}
	return 126, syscall.Exec(path, command, environment)
}

type commandNotFound struct{ name string }

func (e *commandNotFound) Error() string { return e.name + ": command not found" }

// sudoEnvironment is what the command sees: a fresh environment, or the caller's, with the target user's identity.
func sudoEnvironment(user string, all bool, kept []string) []string {
	var environment []string
	keep := map[string]bool{"TERM": true, "LANG": true, "DISPLAY": true, "COLORTERM": true}
	for _, name := range kept {
		keep[name] = true
	}
	fresh := []string{
		"PATH=" + searchPath, "HOME=" + homeOf(user), "USER=" + user, "LOGNAME=" + user, "SHELL=" + userShell(),
		"SUDO_USER=" + os.Getenv("USER"), "SUDO_UID=0", "SUDO_GID=0",
	}
	identity := map[string]bool{}
	for _, variable := range fresh {
		name, _, _ := strings.Cut(variable, "=")
		identity[name] = true
	}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !identity[name] && (all || keep[name] || strings.HasPrefix(name, "LC_")) {
			environment = append(environment, variable)
		}
	}
	return append(environment, fresh...)
}

func homeOf(user string) string {
	if user == "root" {
		return "/root"
	}
	return "/home/" + user
}

func userShell() string {
	if _, err := os.Stat("/bin/bash"); err == nil {
		return "/bin/bash"
	}
	return "/bin/sh"
}
