package controlplane

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The ports on the control plane's address.
const (
	apiPort      = 6443
	etcdPort     = 2379
	etcdPeerPort = 2380
)

// waitForPorts gives the children of a sandbox that just ended a moment to go, and then says who is in the way.
func waitForPorts(address string, patience time.Duration, ports ...int) error {
	deadline := time.Now().Add(patience)
	for {
		err := checkPorts(address, ports)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func checkPorts(address string, ports []int) error {
	var busy []error
	for _, port := range ports {
		listener, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
		switch {
		case err == nil:
			listener.Close()
		case errors.Is(err, syscall.EADDRINUSE):
			busy = append(busy, fmt.Errorf("port %d on %s is in use by %s; stop it, or give the sandbox another address", port, address, holder(address, port)))
		default:
			busy = append(busy, fmt.Errorf("listen on port %d of %s: %w", port, address, err))
		}
	}
	return errors.Join(busy...)
}

// holder describes the process that listens on an address, as far as this user may see it.
func holder(address string, port int) string {
	sockets := listeningSockets(address, port)
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || !sockets[target] {
			continue
		}
		pid := strings.Split(link, "/")[2]
		command, err := os.ReadFile("/proc/" + pid + "/cmdline")
		if err != nil {
			return "process " + pid
		}
		name, arguments, _ := strings.Cut(string(command), "\x00")
		first, _, _ := strings.Cut(arguments, "\x00")
		return fmt.Sprintf("process %s (%s)", pid, strings.TrimSpace(name+" "+first))
	}
	return "a process of another user"
}

// listeningSockets names the sockets that listen on an address, or on all of this machine's, the way links under /proc/PID/fd
// do. Another sandbox may listen on the same port of another address.
func listeningSockets(address string, port int) map[string]bool {
	const listening = "0A"
	local := []string{fmt.Sprintf("00000000:%04X", port), fmt.Sprintf("%032d:%04X", 0, port)}
	if ip := net.ParseIP(address).To4(); ip != nil {
		local = append(local, fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], port))
	}
	found := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		file, err := os.Open(table)
		if err != nil {
			continue
		}
		scanner := bufio.NewScanner(file)
		for scanner.Scan() {
			fields := strings.Fields(scanner.Text())
			if len(fields) > 9 && fields[3] == listening && slices.Contains(local, fields[1]) {
				found["socket:["+fields[9]+"]"] = true
			}
		}
		file.Close()
	}
	return found
}
