package world

import (
	"crypto/tls"

	"github.com/iransre/exchange-platform/sandbox/mirrors"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// trust is what machines have to trust to install from here.
func trust(w *workspace.Workspace) mirrors.Trust {
	return mirrors.NewTrust(w.Path("secrets", "mirrors"))
}

// newRegistry serves the images that real nodes run.
func newRegistry(w *workspace.Workspace) (site, error) {
	settings, err := trust(w).Server(w.Address(1).String())
	if err != nil {
		return site{}, err
	}
	listener, err := listen(w.Address(1).String(), workspace.RegistryPort)
	if err != nil {
		return site{}, err
	}
	return site{tls.NewListener(listener, settings), mirrors.Registry(w.Images())}, nil
}
