package logging_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/internal/mocktest"
)

func program(args logging.Args) func(*pulumi.Context) error {
	return func(ctx *pulumi.Context) error {
		cluster, random, err := mocktest.Providers(ctx)
		if err != nil {
			return err
		}
		args.Installer = &chart.Installer{Provider: cluster, Random: random}
		args.MonitorCRDs = cluster
		if args.Ingress.Container == "" {
			args.Ingress.Container = "controller"
		}
		_, err = logging.New(ctx, "logging", &args)
		return err
	}
}

func TestLogging(t *testing.T) {
	mocktest.Run(t, program(logging.Args{Config: logging.Config{Engine: logging.Bitnami, FluentBit: true, RetentionDays: 3, MaxSizeGiB: 2}})).CheckComponent(t)
}

func TestWithoutFluentBitNoPodIsPrivileged(t *testing.T) {
	r := mocktest.Run(t, program(logging.Args{Config: logging.Config{Engine: logging.Bitnami}}))
	assert.Equal(t, len(r.OfType("kubernetes:helm.sh/v3:Release")), 2)
	labels := r.Get(t, "logging-namespace").Inputs["metadata"].ObjectValue()["labels"].ObjectValue()
	assert.Equal(t, labels["pod-security.kubernetes.io/enforce"].StringValue(), "restricted")
}

func TestUnknownEngine(t *testing.T) {
	_, err := mocktest.Try(program(logging.Args{Config: logging.Config{Engine: "splunk"}}))
	assert.ErrorContains(t, err, `unknown engine "splunk": use "eck" or "bitnami"`)
}
