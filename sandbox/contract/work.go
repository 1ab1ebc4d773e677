package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

func staticUpload(_ context.Context, s *session) error {
	if err := s.collected(); err != nil {
		return err
	}
	if count, err := s.store.objects(staticBucket); err != nil || count == 0 {
		return errors.Join(errors.New("nothing is in the bucket AWS_STATIC_BUCKET_NAME"), err)
	}
	return nil
}

func migrations(ctx context.Context, s *session) error {
	if err := s.migrated(); err != nil {
		return err
	}
	said, err := s.listen(ctx, s.chart.migrate)
	if err == nil && strings.Contains(said, "Applying ") {
		return fmt.Errorf("it applies something a second time:\n%s", last(said))
	}
	if err != nil {
		return err
	}
	// as the restore drill asks about a copy of the database (components/exchange/drilled.go)
	if err := s.finish(ctx, s.chart.web, "python", "manage.py", "migrate", "--plan", "--check"); err != nil {
		return fmt.Errorf("of a database that is ready, migrate --plan --check says that it is not: %w", err)
	}
	return nil
}

func models(ctx context.Context, s *session) error {
	return s.finish(ctx, s.chart.migrate, "python", "manage.py", "makemigrations", "--check", "--dry-run")
}

// lockTimeout locks the table that migrate reads first. How long a query waits is PostgreSQL's to say: how long a program takes to start
// is nobody's fault.
func lockTimeout(ctx context.Context, s *session) error {
	if err := s.migrated(); err != nil {
		return err
	}
	release, err := s.database.hold(ctx, "django_migrations")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.finish(ctx, s.chart.migrate) }()
	failure := errWaits
	_ = wait(ctx, patience+10*time.Second, "migrate to end", func() error {
		select {
		case failure = <-ended:
			return nil
		default:
		}
		waiting, err := s.database.ask(ctx, s.database.name,
			"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query_start < now() - interval '5 seconds'")
		if err == nil && waiting == "0" {
			err = errors.New("it runs")
		}
		return err
	})
	cancel()
	if failure == errWaits {
		<-ended
	}
	if err := release(); err != nil {
		return err
	}
	switch {
	case failure == nil:
		return errors.New("migrate succeeded although its table was locked: does it look into another database?")
	case failure == errWaits || !strings.Contains(failure.Error(), "lock timeout"):
		return failure
	}
	return nil
}

// errWaits is the failure of a migration that waits for a lock ten times as long as it may.
var errWaits = errors.New("migrate waits on: PGOPTIONS has to reach PostgreSQL, so no \"options\" of the project's own may hide it")

// compare holds what Django says of itself against variables of the chart.
func (s *session) compare(name string, variables iter.Seq[string]) error {
	known := map[string]any{}
	if err := s.know(name, &known); err != nil {
		return err
	}
	for variable := range variables {
		if got, wanted := fmt.Sprint(known[variable]), s.chart.web.env[variable]; got != wanted {
			return fmt.Errorf("%s is %s, but Django took %s", variable, wanted, got)
		}
	}
	return nil
}

func queueSettings(_ context.Context, s *session) error {
	var known struct{ ORM string }
	if err := s.know("queue", &known); err != nil {
		return err
	}
	if known.ORM == "" {
		return errors.New(`Q_CLUSTER["orm"] is not set: the platform has no other broker than the database`)
	}
	return s.compare("queue", slices.Values([]string{"DJANGO_Q_WORKERS", "DJANGO_Q_QUEUE_LIMIT", "DJANGO_Q_TIMEOUT", "DJANGO_Q_RETRY", "DJANGO_Q_MAX_ATTEMPTS"}))
}

// identity is what Django-Q calls a task.
var identity = regexp.MustCompile(`(?m)^TASK ([0-9a-f]+)$`)

// enqueue asks for a task as the web server does.
func (s *session) enqueue(ctx context.Context, task string) (string, error) {
	said, err := s.listen(ctx, s.chart.web, "python", "-c", "import django; django.setup()\nfrom django_q.tasks import async_task\nprint('\\nTASK', async_task("+task+"))")
	if err != nil {
		return "", err
	}
	found := identity.FindStringSubmatch(said)
	if found == nil {
		return "", fmt.Errorf("async_task gave nothing:\n%s", last(said))
	}
	return found[1], nil
}

// done waits until a task has succeeded.
func (s *session) done(ctx context.Context, task string, patience time.Duration) error {
	return wait(ctx, patience, "a task to be done", func() error {
		success, err := s.database.ask(ctx, s.database.name, fmt.Sprintf("SELECT success FROM django_q_task WHERE id = '%s'", task))
		if err == nil && success != "t" {
			err = fmt.Errorf("success is %q", success)
		}
		return err
	})
}

func tasks(ctx context.Context, s *session) error {
	worker, err := s.worker()
	if err != nil {
		return err
	}
	task, err := s.enqueue(ctx, "'math.copysign', 1, -1")
	if err != nil {
		return err
	}
	if err := s.done(ctx, task, 30*time.Second); err != nil {
		return fmt.Errorf("%w\n%s", err, last(worker.output.String()))
	}
	return nil
}

func workerProcesses(ctx context.Context, s *session) error {
	worker, err := s.worker()
	if err != nil {
		return err
	}
	if len(s.chart.worker.probe) == 0 {
		return errors.New("the chart has no probe for the worker")
	}
	return wait(ctx, 30*time.Second, "the worker's processes", func() error { return s.probeWorker(ctx, worker) })
}

// probeWorker runs the chart's exec probe beside what /proc shows inside the worker.
func (s *session) probeWorker(ctx context.Context, worker *process) error {
	processes, err := os.MkdirTemp("", "processes-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(processes)
	if err := os.Chmod(processes, 0o755); err != nil {
		return err
	}
	if err := worker.copyProcesses(processes); err != nil {
		return err
	}
	beside := *s.image
	beside.Folders = map[string]string{"/proc": processes}
	maps.Copy(beside.Folders, s.image.Folders)
	probe, err := beside.start(ctx, s.chart.worker, s.chart.worker.probe...)
	if err != nil {
		return err
	}
	<-probe.done
	if probe.failure != nil {
		return fmt.Errorf("%w: %s", probe.failure, last(probe.output.String()))
	}
	return nil
}

// workerStop tells a worker to stop in the middle of a task. Some releases of Django-Q hang at that now and then (django-q2#346), and the
// kubelet ends them later: only one that does so every time is said to.
func workerStop(ctx context.Context, s *session) error {
	worker, err := s.worker()
	if err != nil {
		return err
	}
	for range 3 {
		if err = s.stopAtWork(ctx, worker); err == nil {
			return nil
		}
		worker.kill()
		var failure error
		if worker, failure = s.start(ctx, s.chart.worker); failure != nil {
			return failure
		}
	}
	return err
}

func (s *session) stopAtWork(ctx context.Context, worker *process) error {
	task, err := s.enqueue(ctx, "'time.sleep', 2")
	if err != nil {
		return err
	}
	if err := wait(ctx, 10*time.Second, "the worker to take a task", func() error {
		// the lock of a task that waits lies DJANGO_Q_RETRY in the past
		working, err := s.database.ask(ctx, s.database.name, "SELECT count(*) FROM django_q_ormq WHERE lock > now() - interval '60 seconds'")
		if err == nil && working == "0" {
			err = errors.New("none is in work")
		}
		return err
	}); err != nil {
		return err
	}
	if err := worker.stop(syscall.SIGTERM, 20*time.Second); err != nil {
		return fmt.Errorf("%w\n%s", err, last(worker.output.String()))
	}
	return s.done(ctx, task, time.Second)
}

// logs reads what was said so far. It comes before the outage: a process of Django-Q that loses its database dies, and then Python itself
// writes the trace, past all loggers.
func logs(_ context.Context, s *session) error {
	_, failedWeb := s.web()
	_, failedWorker := s.worker()
	if err := errors.Join(failedWeb, failedWorker); err != nil {
		return err
	}
	for _, part := range []*container{s.chart.web, s.chart.worker} {
		for _, each := range s.said[part.name] {
			for line := range strings.Lines(each.String()) {
				line = strings.TrimSpace(line)
				if line != "" && !(strings.HasPrefix(line, "{") && json.Valid([]byte(line))) {
					return fmt.Errorf("%s says %q", part.name, line)
				}
			}
		}
	}
	return nil
}

func silence(_ context.Context, s *session) error {
	for part, said := range s.said {
		for _, each := range said {
			for name, secret := range secrets {
				if !strings.HasSuffix(name, "ACCESS_KEY_ID") && strings.Contains(each.String(), secret) {
					return fmt.Errorf("%s writes the value of %s", part, name)
				}
			}
		}
	}
	return nil
}
