package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/iransre/exchange-platform/sandbox/hosts/real"
	"github.com/iransre/exchange-platform/sandbox/messages"
	"github.com/iransre/exchange-platform/sandbox/mirrors"
	"github.com/iransre/exchange-platform/sandbox/tools"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// installedFrom is what a stack installs from: its charts from the mirror given, the cluster by that tree of Kubespray, and everything that
// real machines run from the sandbox's.
func installedFrom(w *workspace.Workspace, charts, kubespray string) (workspace.Sources, error) {
	sources := workspace.Sources{Kubespray: kubespraySource(w, kubespray), Charts: charts}
	if w.Kind() == workspace.Real {
		sources.Files = w.MirrorURL()
		sources.Registries = map[string]string{}
		for _, registry := range mirrors.Registries() {
			sources.Registries[registry] = w.RegistryURL()
		}
		if there, err := real.OnPublicSide(w.Address(1)); err == nil {
			sources.Storage = fmt.Sprintf("http://%s:%d", there, workspace.StoragePort)
			outside := fmt.Sprintf("http://%s:%d", there, workspace.MessagesPort)
			sources.Messages = workspace.Messages{Telegram: outside + messages.TelegramPath, SMS: outside + messages.SMSPath}
			authority, err := world.Trust(w).Authority()
			if err != nil {
				return sources, err
			}
			sources.Git = workspace.Git{URL: fmt.Sprintf("https://%s:%d", there, workspace.GitPort), Authority: string(authority)}
		}
	}
	return sources, nil
}

// makeImages makes what real machines run.
func makeImages(ctx context.Context, w *workspace.Workspace, out io.Writer) error {
	if w.Kind() != workspace.Real || w.Origin() == workspace.Upstream {
		return nil
	}
	options, err := tools.ImagesOf(ctx, w)
	if err != nil {
		return err
	}
	options.Rows = mirrors.RowsFor(w.Says)
	if err := mirrors.Ensure(ctx, options, out); err != nil {
		return err
	}
	return errors.Join(tools.KeepManifests(ctx, w), world.KeepAvailableImages(w))
}

// printImages says of each image how real it is.
func printImages(out io.Writer, w *workspace.Workspace) {
	if w.Origin() == workspace.Upstream {
		fmt.Fprintln(out, "images: each from its own registry, by way of the sandbox's; none is simulated")
		return
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "IMAGE\tIN THE SANDBOX\tRUNS")
	for _, row := range mirrors.RowsFor(w.Says) {
		fmt.Fprintf(table, "%s\t%s\t%s\n", row.Image, row.Kind, row.Runs)
	}
	_ = table.Flush()
}
