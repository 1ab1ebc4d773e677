package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
)

// newEtcdCommand is etcd with the settings of its own configuration file format, and no flags besides.
func newEtcdCommand() *cobra.Command {
	var file string
	command := newCommand("etcd", "Key-value store of the Kubernetes API", func(*cobra.Command) error {
		return runEtcd(file)
	})
	command.Flags().StringVar(&file, "config-file", "", "etcd configuration file (required)")
	_ = command.MarkFlagRequired("config-file")
	return command
}

func runEtcd(file string) error {
	config, err := embed.ConfigFromFile(file)
	if err != nil {
		return fmt.Errorf("etcd: configuration %s: %w", file, err)
	}
	server, err := embed.StartEtcd(config)
	if err != nil {
		return fmt.Errorf("etcd: start over %s: %w", config.Dir, err)
	}
	defer server.Close()

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	select {
	case <-stop:
		return nil
	case <-server.Server.StopNotify():
		return fmt.Errorf("etcd: the server over %s stopped by itself; its log says why", config.Dir)
	case err := <-server.Err():
		return fmt.Errorf("etcd: %w", err)
	}
}
