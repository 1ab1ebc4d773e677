// Package contract tries whether an application's image keeps what charts/exchange takes for granted of it: the chart's own commands
// with the chart's own environment, beside a PostgreSQL and an S3 server on the loopback.
package contract

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/iransre/exchange-platform/sandbox/transcript"
)

// patience is how long a command of the image may take.
const patience = 2 * time.Minute

// session is one image beside what it needs. What several checks need is made for the first of them.
type session struct {
	*neighbours
	image *Image
	chart *parts
	// apart are the same parts where another store has the media bucket.
	apart *parts
	// said is all that programs of the image wrote, by the container they ran as; "" is that of other commands.
	said map[string][]*transcript.Transcript
	// running are all programs of the image that were started.
	running []*process

	port      int
	collected func() error
	migrated  func() error
	web       func() (*process, error)
	worker    func() (*process, error)
	facts     func() (map[string]fact, error)
}

//go:embed facts.py
var factsProgram string

// fact is what Django says of itself.
type fact struct {
	Value json.RawMessage
	Error string
}

// open puts an image beside its neighbours.
func open(ctx context.Context, image *Image, chartFolder string, beside *neighbours) (*session, error) {
	s := &session{neighbours: beside, image: image, said: map[string][]*transcript.Transcript{}}
	var err error
	if s.chart, err = render(chartFolder, s.database, s.store, nil); err != nil {
		return nil, err
	}
	if s.apart, err = render(chartFolder, s.database, s.store, s.elsewhere); err != nil {
		return nil, err
	}
	if s.port, err = freePort(); err != nil {
		return nil, err
	}
	// There are no pods with addresses of their own here, so the port is another one.
	s.chart.web.env["GUNICORN_CMD_ARGS"] = strings.Replace(s.chart.web.env["GUNICORN_CMD_ARGS"], "0.0.0.0:8000", fmt.Sprintf("127.0.0.1:%d", s.port), 1)
	s.collected = sync.OnceValue(func() error { return s.finish(ctx, s.chart.collectStatic) })
	s.migrated = sync.OnceValue(func() error { return errors.Join(s.collected(), s.finish(ctx, s.chart.migrate)) })
	s.web = sync.OnceValues(func() (*process, error) { return s.startWeb(ctx) })
	s.worker = sync.OnceValues(func() (*process, error) { return s.startWorker(ctx) })
	s.facts = sync.OnceValues(func() (map[string]fact, error) { return s.askFacts(ctx, s.chart.web) })
	return s, nil
}

// start runs a program as a container; without one, the container's own.
func (s *session) start(ctx context.Context, of *container, program ...string) (*process, error) {
	name := ""
	if len(program) == 0 {
		program, name = of.command, of.name
	}
	running, err := s.image.start(ctx, of, program...)
	if err == nil {
		s.said[name] = append(s.said[name], running.output)
		s.running = append(s.running, running)
	}
	return running, err
}

// close ends all programs of the image and waits for them.
func (s *session) close() {
	for _, each := range s.running {
		each.kill()
	}
}

// finish runs a program to its end, and returns what it said as the error if it failed.
func (s *session) finish(ctx context.Context, of *container, program ...string) error {
	_, err := s.listen(ctx, of, program...)
	return err
}

func (s *session) listen(ctx context.Context, of *container, program ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	running, err := s.start(ctx, of, program...)
	if err != nil {
		return "", err
	}
	<-running.done
	said := running.output.String()
	if running.failure != nil {
		return said, fmt.Errorf("%s: %w\n%s", of.name, running.failure, last(said))
	}
	return said, nil
}

// last is the end of what a program said: the reason mostly stands there.
func last(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

func (s *session) startWeb(ctx context.Context) (*process, error) {
	if err := s.migrated(); err != nil {
		return nil, err
	}
	web, err := s.start(ctx, s.chart.web)
	if err != nil {
		return nil, err
	}
	return web, wait(ctx, time.Minute, "the web server", func() error {
		select {
		case <-web.done:
			return fmt.Errorf("it ended: %w\n%s", web.failure, last(web.output.String()))
		default:
		}
		answer, err := s.ask(ctx, s.chart.web.live.Path, nil)
		if err != nil {
			return err
		}
		return answer.is(http.StatusOK)
	})
}

func (s *session) startWorker(ctx context.Context) (*process, error) {
	if err := s.migrated(); err != nil {
		return nil, err
	}
	return s.start(ctx, s.chart.worker)
}

// answer is what the web server said.
type answer struct {
	path   string
	status int
	header http.Header
	body   string
}

func (a *answer) is(statuses ...int) error {
	if slices.Contains(statuses, a.status) {
		return nil
	}
	return fmt.Errorf("%s answers %d %s: %.200s", a.path, a.status, a.header.Get("Location"), a.body)
}

// ask asks the web server as users' requests reach it through the ingress, unless the request is changed.
func (s *session) ask(ctx context.Context, path string, change func(*http.Request)) (*answer, error) {
	response, err := get(ctx, fmt.Sprintf("http://127.0.0.1:%d%s", s.port, path), func(r *http.Request) {
		r.Host = host
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-For", "192.0.2.7")
		if change != nil {
			change(r)
		}
	})
	if err != nil {
		return nil, err
	}
	return readAnswer(path, response)
}

// askFacts lets the project's own Django tell, as it is in a container.
func (s *session) askFacts(ctx context.Context, of *container) (map[string]fact, error) {
	if err := s.migrated(); err != nil {
		return nil, err
	}
	said, err := s.listen(ctx, of, "python", "-c", factsProgram)
	if err != nil {
		return nil, err
	}
	_, line, found := strings.Cut(said, "\nFACTS ")
	if !found {
		return nil, fmt.Errorf("Django told nothing of itself:\n%s", last(said))
	}
	line, _, _ = strings.Cut(line, "\n")
	facts := map[string]fact{}
	err = json.Unmarshal([]byte(line), &facts)
	return facts, err
}

// know reads one of the facts.
func (s *session) know(name string, into any) error {
	facts, err := s.facts()
	if err != nil {
		return err
	}
	return facts[name].read(into)
}

// read is what the fact says.
func (f fact) read(into any) error {
	if f.Error != "" {
		return errors.New(f.Error)
	}
	return json.Unmarshal(f.Value, into)
}
