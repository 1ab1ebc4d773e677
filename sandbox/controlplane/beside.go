package controlplane

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
)

// Run runs the simulation beside a cluster, from the binary built from BinaryPackage, until the context ends. Its log goes to a file.
func (b Beside) Run(ctx context.Context, binary, kubeconfig, log string, logger *slog.Logger) error {
	p := &process{
		name: "cloud", args: append([]string{binary, "cloud"}, b.Flags(kubeconfig)...),
		env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Dir(kubeconfig), "GOMAXPROCS=2", "GOGC=50", "GOMEMLIMIT=150MiB"},
		log: log, logger: logger, failed: func(error) {},
	}
	if err := p.start(); err != nil {
		return err
	}
	<-ctx.Done()
	p.stop(stopGrace)
	return nil
}
