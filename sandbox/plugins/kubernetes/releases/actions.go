package releases

import (
	"context"
	"errors"
	"fmt"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// failedError reports a release that Helm gave up on, with what it still lacked.
type failedError struct {
	release string
	err     error
	lacking []string
}

func (e *failedError) Error() string {
	return fmt.Sprintf("failed to become available within allocated timeout. Error: Helm Release %s: %v", e.release, e.err)
}

func (e *failedError) Unwrap() error { return e.err }

// partial reports a release that exists but is not whole.
func partial(err error) *p.InitializationFailed {
	reasons := []string{err.Error()}
	var failed *failedError
	if errors.As(err, &failed) {
		reasons = append(reasons, failed.lacking...)
	}
	return &p.InitializationFailed{Reasons: reasons}
}

// install installs a release. If it fails but leaves a release behind, that one is returned with the error.
func (r *Releases) install(ctx context.Context, s *settings) (*release.Release, error) {
	chart, err := loadChart(s, r.Helm)
	if err != nil {
		return nil, err
	}
	if err := installable(chart); err != nil {
		return nil, err
	}
	configuration, err := r.configuration(s.Namespace)
	if err != nil {
		return nil, err
	}
	client := action.NewInstall(configuration.Configuration)
	client.ReleaseName, client.Namespace, client.CreateNamespace = s.Name, s.Namespace, s.CreateNamespace
	client.Wait, client.WaitForJobs, client.Timeout = !s.SkipAwait, !s.SkipAwait && s.WaitForJobs, s.timeout()
	client.Atomic, client.Replace, client.Description = s.Atomic, s.Replace, s.Description
	client.DisableHooks, client.SkipCRDs, client.SubNotes = s.DisableWebhooks, s.SkipCrds, s.RenderSubchartNotes
	client.DisableOpenAPIValidation, client.Devel = s.DisableOpenapiValidation, s.Devel

	installed, err := client.RunWithContext(ctx, chart, valuesOf(s))
	if err == nil {
		return installed, nil
	}
	if installed == nil {
		return nil, err
	}
	if _, missing := configuration.Releases.Last(s.Name); missing != nil {
		// Atomic has uninstalled it again, or nobody can say: as with the official provider nothing is kept then, so the reasons go into the
		// error, and whoever installs it again finds what there is.
		return nil, errors.Join(err, errors.New(strings.Join(configuration.lacking(), "\n")))
	}
	return installed, &failedError{release: s.id(), err: err, lacking: configuration.lacking()}
}

// upgrade upgrades a release, likewise.
func (r *Releases) upgrade(ctx context.Context, s *settings) (*release.Release, error) {
	chart, err := loadChart(s, r.Helm)
	if err != nil {
		return nil, err
	}
	configuration, err := r.configuration(s.Namespace)
	if err != nil {
		return nil, err
	}
	client := action.NewUpgrade(configuration.Configuration)
	client.Namespace, client.Description, client.Devel = s.Namespace, s.Description, s.Devel
	client.Wait, client.WaitForJobs, client.Timeout = !s.SkipAwait, !s.SkipAwait && s.WaitForJobs, s.timeout()
	client.Atomic, client.CleanupOnFail, client.Force = s.Atomic, s.CleanupOnFail, s.ForceUpdate
	client.ResetValues, client.ReuseValues, client.Recreate = s.ResetValues, s.ReuseValues, s.RecreatePods
	client.DisableHooks, client.SubNotes = s.DisableCRDHooks, s.RenderSubchartNotes
	client.DisableOpenAPIValidation = s.DisableOpenapiValidation
	if s.MaxHistory != nil {
		client.MaxHistory = *s.MaxHistory
	}

	upgraded, err := client.RunWithContext(ctx, s.Name, chart, valuesOf(s))
	switch {
	case err == nil:
		return upgraded, nil
	case upgraded == nil, errors.Is(err, driver.ErrNoDeployedReleases):
		return nil, err
	}
	return upgraded, &failedError{release: s.id(), err: err, lacking: configuration.lacking()}
}

// uninstall removes a release and, unless it was not to be awaited, waits until its objects are gone. One that is gone already
// is an error, as it is with the official provider.
func (r *Releases) uninstall(ctx context.Context, s *settings) error {
	configuration, err := r.configuration(s.Namespace)
	if err != nil {
		return err
	}
	client := action.NewUninstall(configuration.Configuration)
	if s.Atomic || !s.SkipAwait {
		client.Wait, client.Timeout = true, s.timeout()
	}
	response, err := client.Run(s.Name)
	if err != nil {
		return err
	}
	if response.Info != "" {
		p.GetLogger(ctx).Warningf("Helm uninstall returned information: %q", response.Info)
	}
	return nil
}

// valuesOf are the chart's values; Helm may change the map it is given.
func valuesOf(s *settings) map[string]any { return merge(nil, s.Values) }

func parseID(id string) (namespace, name string) {
	if namespace, name, both := strings.Cut(id, "/"); both {
		return namespace, name
	}
	return "", id
}
