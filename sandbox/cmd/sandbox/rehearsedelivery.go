package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/sandbox/delivery"
	"github.com/iransre/exchange-platform/sandbox/gitserver"
	"github.com/iransre/exchange-platform/sandbox/mirrors"
	"github.com/iransre/exchange-platform/sandbox/rehearsal"
	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

func rehearseDeliveryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "delivery [STACK]", Short: "Commit versions that Argo CD delivers, one of them with a failing migration", Args: cobra.MaximumNArgs(1),
		Long: `Commit versions of the exchange to the sandbox's own Exchange-DevOps, which Argo CD watches: a first one, a new one, one with a failing
migration, and its revert. For each it prints after how many seconds it ran, or was stopped and why, and how many pages a visitor was
not served meanwhile. It takes some minutes, and needs a stack on real machines with delivery.mode gitops.`,
		RunE: inWorkspace(func(ctx context.Context, w *workspace.Workspace, given []string, out io.Writer) error {
			stack := stackOf(given, "demo")
			environ, err := w.Environ(stack)
			if err != nil {
				return err
			}
			password, err := w.Secret(workspace.GitWriterSecret)
			if err != nil {
				return err
			}
			look, err := visitor(ctx, w, stack)
			if err != nil {
				return err
			}
			return delivery.Rehearse(ctx, delivery.Options{
				Cluster:  rehearsal.Cluster{Kubectl: w.Binary("kubectl"), Environ: environ},
				Checkout: w.Root,
				Release: func(image, tag string, files map[string]string) (string, error) {
					return mirrors.Release(w.Images(), image, tag, files)
				},
				Git: delivery.Remote{
					URL: w.GitURL() + "/" + workspace.DevOps, Authority: world.Trust(w).File(), Name: workspace.GitWriter, Password: password, Branch: gitserver.Branch,
				},
				Look: look, Out: out,
			})
		}),
	}
}

// visitor opens the exchange's page as somebody does who trusts the CDN's authority and finds it without a DNS.
func visitor(ctx context.Context, w *workspace.Workspace, stack string) (func(context.Context) (string, error), error) {
	status, err := world.Ask(ctx, w)
	if err != nil {
		return nil, explainNotRunning(err)
	}
	if status.Edge == nil {
		return nil, errors.New("no page is served on light machines: ./scripts/sandbox up demo --machines real")
	}
	shown, err := pulumiProcess(ctx, w, stack, "stack", "output", "--json", "exchange")
	if err != nil {
		return nil, err
	}
	text, err := shown.Output()
	if err != nil {
		return nil, fmt.Errorf("the outputs of %s: %w; bring it up first: ./scripts/sandbox up %s", stack, err, stack)
	}
	var exchange struct{ URL string }
	if err := json.Unmarshal(text, &exchange); err != nil {
		return nil, fmt.Errorf("the output exchange of %s: %w", stack, err)
	}
	authority, err := os.ReadFile(w.Path("secrets", world.EdgeAuthorityFile))
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(authority)
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, // each page is another visitor's
		TLSClientConfig:   &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", status.Edge.HTTPS)
		},
	}}
	return func(ctx context.Context) (string, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, exchange.URL, nil)
		if err != nil {
			return "", err
		}
		response, err := client.Do(request)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		page, err := io.ReadAll(response.Body)
		if err == nil && response.StatusCode != http.StatusOK {
			err = errors.New(response.Status)
		}
		return string(page), err
	}, nil
}
