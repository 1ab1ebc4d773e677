// Command try boots a few virtual machines and prints how to log in to them. It ends with an interrupt; the next run starts with fresh
// machines. What light ones say to a cluster is only remembered. With a base that was made for real machines (package debian), they are
// real: nothing of Kubernetes is on them yet.
//
//	go run ./hosts/try -n 2 -dir /tmp/vms
//	go run ./hosts/try -n 2 -dir /tmp/vms -base ../.sandbox/systems/bookworm-…
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/iransre/exchange-platform/sandbox/hosts"
	"github.com/iransre/exchange-platform/sandbox/hosts/hoststest"
	"github.com/iransre/exchange-platform/sandbox/hosts/light"
	"github.com/iransre/exchange-platform/sandbox/hosts/real"
)

func main() {
	count := flag.Int("n", 2, "how many machines: m1 and workers w1, w2 …")
	prefix := flag.String("prefix", "127.202.9", "first three bytes of the public addresses")
	dir := flag.String("dir", "", "where to keep the machines (required)")
	guest := flag.String("guest", "", "built cmd/guest for light machines; built when empty")
	kubectl := flag.String("kubectl", "", "kubectl to put into light machines")
	base := flag.String("base", "", "the system of real machines; light ones when empty")
	flag.Parse()
	if err := run(*count, *prefix, *dir, *guest, *kubectl, *base); err != nil {
		fmt.Fprintln(os.Stderr, "try:", err)
		os.Exit(1)
	}
}

func run(count int, prefix, dir, guest, kubectl, base string) (err error) {
	if dir == "" {
		return errors.New("-dir is required")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if guest == "" && base == "" {
		if guest, err = hoststest.BuildGuest(dir); err != nil {
			return err
		}
	}
	key, err := hoststest.NewKey()
	if err != nil {
		return err
	}
	keyFile := filepath.Join(dir, "id_ed25519")
	if err := os.WriteFile(keyFile, key.Private, 0o600); err != nil {
		return err
	}
	vms, err := machines(filepath.Join(dir, "hosts"), guest, kubectl, base, &hoststest.Cluster{API: prefix + ".1:6443"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, vms.Close()) }()
	for i := 1; i <= count; i++ {
		name := "m1"
		if i > 1 {
			name = fmt.Sprintf("w%d", i-1)
		}
		machine := hoststest.Machine(prefix, i, name, key)
		vms.Remove(context.Background(), machine.ID) // of an earlier run, with another key
		if err := vms.Boot(context.Background(), machine); err != nil {
			return err
		}
		fmt.Printf("%s (10.0.0.%d): ssh -p 2222 -i %s -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null ubuntu@%s\n",
			name, i, keyFile, machine.PublicAddress)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
	return nil
}

// machines makes an empty set of the kind that is wanted.
func machines(dir, guest, kubectl, base string, cluster *hoststest.Cluster) (hosts.Machines, error) {
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if base == "" {
		return light.New(light.Options{Dir: dir, GuestBinary: guest, KubectlBinary: kubectl, Cluster: cluster, Logger: logger})
	}
	if err := real.Check(filepath.Dir(dir)); err != nil {
		return nil, err
	}
	return real.New(real.Options{Dir: dir, Base: base, Logger: logger})
}
