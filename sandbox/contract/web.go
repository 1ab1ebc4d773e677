package contract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func readAnswer(path string, response *http.Response) (*answer, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return &answer{path: path, status: response.StatusCode, header: response.Header, body: string(body)}, err
}

// probe asks as the kubelet does.
func (s *session) probe(ctx context.Context, of *corev1.HTTPGetAction) (*answer, error) {
	if _, err := s.web(); err != nil {
		return nil, err
	}
	return s.ask(ctx, of.Path, func(r *http.Request) {
		r.Header = http.Header{"User-Agent": {"kube-probe/1.35"}}
		for _, header := range of.HTTPHeaders {
			if header.Name == "Host" {
				r.Host = header.Value
			} else {
				r.Header.Set(header.Name, header.Value)
			}
		}
	})
}

func liveness(ctx context.Context, s *session) error { return s.probed(ctx, s.chart.web.live) }

func readiness(ctx context.Context, s *session) error { return s.probed(ctx, s.chart.web.ready) }

func (s *session) probed(ctx context.Context, of *corev1.HTTPGetAction) error {
	answer, err := s.probe(ctx, of)
	if err != nil {
		return err
	}
	return answer.is(http.StatusOK)
}

// visit asks for a page.
func (s *session) visit(ctx context.Context, path string, change func(*http.Request)) (*answer, error) {
	if _, err := s.web(); err != nil {
		return nil, err
	}
	return s.ask(ctx, path, change)
}

func page(ctx context.Context, s *session) error {
	answer, err := s.visit(ctx, "/", nil)
	if err != nil {
		return err
	}
	leads := answer.header.Get("Location")
	if leads == "/" || strings.HasSuffix(leads, "://"+host+"/") {
		return fmt.Errorf("/ redirects to %s, which it is already: SECURE_PROXY_SSL_HEADER has to believe X-Forwarded-Proto", leads)
	}
	if answer.status >= http.StatusBadRequest && answer.status != http.StatusNotFound {
		return answer.is(http.StatusOK)
	}
	return nil
}

func hosts(ctx context.Context, s *session) error {
	answer, err := s.visit(ctx, "/", func(r *http.Request) { r.Host = "elsewhere.example" })
	if err != nil {
		return err
	}
	return answer.is(http.StatusBadRequest)
}

func debug(ctx context.Context, s *session) error {
	var on bool
	if err := s.know("debug", &on); err != nil {
		return err
	}
	if on {
		return errors.New("settings.DEBUG is True although DJANGO_DEBUG is False (the text: bool(\"False\") is True in Python)")
	}
	answer, err := s.visit(ctx, "/no-such-page-of-the-contract", nil)
	if err != nil {
		return err
	}
	if strings.Contains(answer.body, "DEBUG = True") {
		return errors.New("a missing page shows what developers see")
	}
	return nil
}

func metrics(ctx context.Context, s *session) error {
	if _, err := s.visit(ctx, "/", nil); err != nil {
		return err
	}
	before := map[string]float64{}
	for range 8 { // whichever of the processes answers
		answer, err := s.visit(ctx, "/metrics", func(r *http.Request) {
			r.Host = net.JoinHostPort(podIP, "8000")
			r.Header = http.Header{"User-Agent": {"Prometheus/3.5.0"}}
		})
		if err != nil {
			return err
		}
		if err := answer.is(http.StatusOK); err != nil {
			return fmt.Errorf("%w; Prometheus asks http://<pod's address>:8000 without X-Forwarded-Proto", err)
		}
		now := counters(answer.body)
		if len(now) == 0 {
			return fmt.Errorf("there is no counter in %.200q", answer.body)
		}
		for name, value := range before {
			if now[name] < value {
				return fmt.Errorf("%s was %v and is %v at the next scrape: each process tells its own; use PROMETHEUS_MULTIPROC_DIR", name, value, now[name])
			}
		}
		before = now
	}
	return nil
}

// counters are the values of a page of metrics that never get less.
func counters(page string) map[string]float64 {
	found := map[string]float64{}
	for line := range strings.Lines(page) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		if end := strings.LastIndex(line, "} "); end >= 0 {
			name, text = line[:end+1], strings.TrimSpace(line[end+2:])
		}
		family, _, _ := strings.Cut(name, "{")
		if value, err := strconv.ParseFloat(text, 64); err == nil && strings.HasSuffix(family, "_total") {
			found[name] = value
		}
	}
	return found
}

// outage stops the database under the running web server and worker.
func outage(ctx context.Context, s *session) error {
	if _, err := s.visit(ctx, "/", nil); err != nil {
		return err
	}
	// a worker that has done something has connections to lose
	if err := tasks(ctx, s); err != nil {
		return err
	}
	if err := s.database.stop(); err != nil {
		return err
	}
	alive := s.probed(ctx, s.chart.web.live)
	if err := s.database.start(ctx); err != nil {
		return err
	}
	if alive != nil {
		return fmt.Errorf("without a database: %w; the kubelet would restart a process that is not broken", alive)
	}
	if err := wait(ctx, 15*time.Second, "pages after the database is back", func() error {
		for range 4 { // whichever of the processes answers
			if err := errors.Join(s.probed(ctx, s.chart.web.ready), page(ctx, s)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := tasks(ctx, s); err != nil {
		return fmt.Errorf("after the database was back: %w\nSet CONN_HEALTH_CHECKS, or before Django 4.1 CONN_MAX_AGE = 0", err)
	}
	return nil
}

func webStop(ctx context.Context, s *session) error {
	web, err := s.web()
	if err != nil {
		return err
	}
	grace := 30 * time.Second
	if err := web.stop(syscall.SIGTERM, grace); err != nil {
		return fmt.Errorf("%w\n%s", err, last(web.output.String()))
	}
	return nil
}

func secretKey(ctx context.Context, s *session) error {
	without := *s.chart.web
	without.env = maps.Clone(s.chart.web.env)
	without.env["DJANGO_SECRET_KEY"] = unset
	if s.finish(ctx, &without, "python", "manage.py", "check") == nil {
		return errors.New("`manage.py check` succeeds without it: whoever has the image knows the key that signs sessions")
	}
	without.env["DJANGO_SECRET_KEY"] = secrets["DJANGO_SECRET_KEY"]
	return s.finish(ctx, &without, "python", "manage.py", "check")
}

func https(_ context.Context, s *session) error {
	var scheme map[string]string
	if err := s.know("scheme", &scheme); err != nil {
		return err
	}
	for _, sent := range []string{"https", "http"} {
		if scheme[sent] != sent {
			return fmt.Errorf("with X-Forwarded-Proto: %s Django sees %s: set SECURE_PROXY_SSL_HEADER = (\"HTTP_X_FORWARDED_PROTO\", \"https\")", sent, scheme[sent])
		}
	}
	var cookies map[string]bool
	if err := s.know("cookies", &cookies); err != nil {
		return err
	}
	if !cookies["session"] || !cookies["csrf"] {
		return errors.New("set SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE")
	}
	return nil
}

func csrf(_ context.Context, s *session) error {
	for name, wanted := range map[string]bool{"form": true, "form behind http": true, "form of another site": false} {
		var taken bool
		if err := s.know(name, &taken); err != nil {
			return err
		}
		if taken != wanted {
			return fmt.Errorf("%s: taken is %v: CSRF_TRUSTED_ORIGINS has to be DJANGO_CSRF_TRUSTED_ORIGINS, split at commas (before Django 4.0 without the scheme)", name, taken)
		}
	}
	return nil
}

func staticLinks(ctx context.Context, s *session) error {
	var link struct{ Name, URL string }
	if err := s.know("static", &link); err != nil {
		return err
	}
	if link.Name == "" {
		return errors.New("the project has no static files at all")
	}
	return s.follow(ctx, link.URL, s.store.url("localhost")+"/"+staticBucket+"/", http.StatusOK)
}

// follow follows a link as a browser does.
func (s *session) follow(ctx context.Context, link, begins string, statuses ...int) error {
	if !strings.HasPrefix(link, begins) {
		return fmt.Errorf("the link is %s, and should begin with %s", link, begins)
	}
	response, err := get(ctx, link, nil)
	if err != nil {
		return err
	}
	answer, err := readAnswer(link, response)
	if err != nil {
		return err
	}
	return answer.is(statuses...)
}

// uploads are two of the same name.
type uploads struct{ First, Second, Content, URL string }

func media(ctx context.Context, s *session) error {
	var uploads uploads
	if err := s.know("media", &uploads); err != nil {
		return err
	}
	if count, err := s.store.objects(mediaBucket); err != nil || count < 2 {
		return errors.Join(fmt.Errorf("two uploads left %d objects in the bucket AWS_MEDIA_BUCKET_NAME", count), err)
	}
	if uploads.First == uploads.Second || uploads.Content != "first" {
		return errors.New("the second upload of a name replaced the first: set file_overwrite = False")
	}
	return s.followSigned(ctx, uploads.URL, s.store)
}

// followSigned follows a link to an upload in a store, and sees that nobody has it without its signature.
func (s *session) followSigned(ctx context.Context, link string, store *store) error {
	begins := store.url("localhost") + "/" + mediaBucket + "/"
	if err := s.follow(ctx, link, begins, http.StatusOK); err != nil {
		return err
	}
	unsigned, _, _ := strings.Cut(link, "?")
	return s.follow(ctx, unsigned, begins, http.StatusForbidden)
}

func mediaStore(ctx context.Context, s *session) error {
	facts, err := s.askFacts(ctx, s.apart.web)
	if err != nil {
		return err
	}
	var uploads uploads
	if err := facts["media"].read(&uploads); err != nil {
		return err
	}
	if count, err := s.elsewhere.objects(mediaBucket); err != nil || count < 2 {
		return errors.Join(fmt.Errorf("two uploads left %d objects in the bucket AWS_MEDIA_BUCKET_NAME at AWS_MEDIA_ENDPOINT_URL", count), err)
	}
	return s.followSigned(ctx, uploads.URL, s.elsewhere)
}

func databaseSettings(_ context.Context, s *session) error {
	return s.compare("database", slices.Values([]string{"DATABASE_HOST", "DATABASE_PORT", "DATABASE_NAME", "DATABASE_USER"}))
}
