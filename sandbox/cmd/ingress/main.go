// Command ingress is the program of the image that bears ingress-nginx' name on real machines: see package ingress. Its flags are
// ingress-nginx' own, and those that it does not know it leaves alone.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/iransre/exchange-platform/sandbox/ingress"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var options ingress.Options
	var kubeconfig string
	var httpPort, httpsPort, healthPort int
	command := &cobra.Command{
		Use: "nginx-ingress-controller", Short: "Serves Ingress objects, in ingress-nginx' place",
		SilenceUsage: true, SilenceErrors: true, Args: cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
			if err != nil {
				return err
			}
			if options.Client, err = kubernetes.NewForConfig(config); err != nil {
				return err
			}
			for port, listener := range map[int]*net.Listener{httpPort: &options.HTTP, httpsPort: &options.HTTPS, healthPort: &options.Health} {
				if *listener, err = net.Listen("tcp", fmt.Sprintf(":%d", port)); err != nil {
					return err
				}
			}
			options.Namespace, options.Pod = os.Getenv("POD_NAMESPACE"), os.Getenv("POD_NAME")
			options.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
			controller, err := ingress.New(options)
			if err != nil {
				return err
			}
			return controller.Run(command.Context())
		},
	}
	command.FParseErrWhitelist.UnknownFlags = true
	flags := command.Flags()
	flags.StringVar(&options.Class, "ingress-class", "nginx", "the class of Ingress objects to serve")
	flags.StringVar(&options.ConfigMap, "configmap", "", "namespace/name of the settings")
	flags.StringVar(&options.Certificate, "default-ssl-certificate", "", "namespace/name of the certificate for hosts without one")
	flags.StringVar(&options.PublishService, "publish-service", "", "namespace/name of the Service whose addresses Ingress objects are told")
	flags.StringVar(&kubeconfig, "kubeconfig", "", "outside of a cluster")
	flags.IntVar(&httpPort, "http-port", 80, "")
	flags.IntVar(&httpsPort, "https-port", 443, "")
	flags.IntVar(&healthPort, "healthz-port", 10254, "")
	return command
}
