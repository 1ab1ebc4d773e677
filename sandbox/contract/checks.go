package contract

import (
	"context"
	"fmt"
	"slices"
)

// Check is one point of the contract, and how it is tried.
type Check struct {
	Name string
	// Point is what the application has to do.
	Point string
	// Advice is a point that nothing breaks without.
	Advice bool
	try    func(ctx context.Context, s *session) error
}

// Checks are all points, in the order in which they are tried: one that stops the application comes after those that ask it.
var Checks = []Check{
	{Name: "secret-key", Point: "Nothing starts without DJANGO_SECRET_KEY: there is no key in the image", try: secretKey},
	{Name: "static-upload", Point: "collectstatic runs as user 10001 on a read-only root and leaves the static files in their bucket", try: staticUpload},
	{Name: "migrations", Point: "migrate makes an empty database ready, does nothing a second time, and with --plan --check finds nothing to do", try: migrations},
	{Name: "models", Point: "No model waits for a migration that nobody made", try: models},
	{Name: "lock-timeout", Point: "A migration that finds a table locked gives up after migrations.lockTimeout", try: lockTimeout},
	{Name: "database", Point: "The database is the one of DATABASE_HOST, _PORT, _NAME and _USER", try: databaseSettings},
	{Name: "liveness", Point: "The liveness path answers 200 to the probe", try: liveness},
	{Name: "readiness", Point: "The readiness path answers 200 to the probe", try: readiness},
	{Name: "page", Point: "/ is answered, and not with a redirect to itself", try: page},
	{Name: "hosts", Point: "A host that is not in DJANGO_ALLOWED_HOSTS is refused", try: hosts},
	{Name: "debug", Point: "DJANGO_DEBUG=False hides Django's pages for developers", try: debug},
	{Name: "https", Point: "X-Forwarded-Proto tells https from http, and cookies travel by https only", try: https},
	{Name: "csrf", Point: "Forms of https://<host> are taken, whichever scheme the CDN used last; those of another site are not", try: csrf},
	{Name: "static", Point: "Links to static files lead to AWS_STATIC_CUSTOM_DOMAIN, for everybody", try: staticLinks},
	{Name: "media", Point: "Uploads are in their bucket, none replaces another, and their links are signed for AWS_S3_PUBLIC_URL", try: media},
	{Name: "media-store", Point: "Where AWS_MEDIA_ENDPOINT_URL names another store, uploads and their links are that one's, with AWS_MEDIA_PUBLIC_URL, _REGION_NAME and its keys", Advice: true, try: mediaStore},
	{Name: "metrics", Point: "/metrics answers Prometheus, which asks the pod's address by http, for all of gunicorn's processes together", try: metrics},
	{Name: "queue", Point: "Django-Q takes DJANGO_Q_*, and the database as its broker", try: queueSettings},
	{Name: "tasks", Point: "A task that the web server asks for is done by the worker", try: tasks},
	{Name: "worker", Point: "The worker's processes are as its probe expects them", try: workerProcesses},
	{Name: "logs", Point: "Web server and worker log one JSON object a line", Advice: true, try: logs},
	{Name: "outage", Point: "Without a database the web server is alive; when it is back, pages, tasks and their results are too, without a restart", try: outage},
	{Name: "worker-stop", Point: "A worker that is told to stop finishes its task first", try: workerStop},
	{Name: "web-stop", Point: "A web server that is told to stop ends by itself", try: webStop},
	{Name: "silence", Point: "No secret is in what the application says", try: silence},
}

// Result is what came of a check.
type Result struct {
	Check
	Err error
}

// Failed tells whether the image breaks the contract.
func (r *Result) Failed() bool { return r.Err != nil && !r.Advice }

// Try tries an image, all points or those of some names, and tells each result as soon as it is there. The folder is for what
// the neighbours keep meanwhile.
func Try(ctx context.Context, image *Image, chartFolder, dir string, tell func(Result), names ...string) error {
	for _, name := range names {
		if !slices.ContainsFunc(Checks, func(c Check) bool { return c.Name == name }) {
			return fmt.Errorf("there is no check %q", name)
		}
	}
	// whatever still runs ends with it
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	beside, err := startNeighbours(ctx, dir)
	if err != nil {
		return err
	}
	defer beside.stop()
	s, err := open(ctx, image, chartFolder, beside)
	if err != nil {
		return err
	}
	defer s.close()
	s.try(ctx, tell, names...)
	return ctx.Err()
}

// try tries all points, or those of some names.
func (s *session) try(ctx context.Context, tell func(Result), names ...string) {
	for _, check := range Checks {
		if len(names) == 0 || slices.Contains(names, check.Name) {
			tell(Result{Check: check, Err: check.try(ctx, s)})
		}
	}
}
