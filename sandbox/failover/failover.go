// Package failover rehearses losses where what is lost really runs, and measures what they cost: of the database's primary (for how long
// nothing is written, and what of the acknowledged is gone), and of the worker that answers for the virtual address.
package failover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/sandbox/rehearsal"
)

// A fault that is rehearsed, and for how long at most nothing may be written after it.
type fault struct {
	name   string
	within time.Duration
	strike func(*losses, context.Context, *cluster) error
	mend   func(*losses, context.Context, *cluster) error
}

var faults = []fault{
	{"the primary's process is killed", 10 * time.Second, (*losses).kill, nil},
	{"a switchover", 10 * time.Second, (*losses).switchOver, nil},
	{"the primary's machine is cut off", 60 * time.Second, (*losses).cut, (*losses).restore},
	{"its machine is replaced by an update", 60 * time.Second, (*losses).replace, nil},
}

// longer is how much longer at most nothing may be written through HAProxy than directly: it asks each server who it is, and so learns of a new
// primary later.
const longer = time.Second

// quiet is for how long nothing happens before each loss, as it mostly is. An operator that spoke with the primary less than 20 seconds ago does so
// on the connection that is still open, and waits 30 seconds for the answer of a machine that is gone (docs/losses.md).
const quiet = 30 * time.Second

const (
	namespace = "postgres"
	object    = "cluster.postgresql.cnpg.io/postgres"
	writer    = "failover-rehearsal"
)

type losses struct {
	Options
	// machine is the one of who was the primary before the last fault.
	machine string
}

// Rehearse does to the primary whatever there is, one after the other, while somebody writes through HAProxy and directly, and prints what that
// cost. It fails if a write that was acknowledged is missing, or nothing was written for longer than promised, or for longer through HAProxy.
func Rehearse(ctx context.Context, options Options) error {
	r := &losses{Options: options}
	if err := r.real(ctx); err != nil {
		return err
	}
	var problems []error
	fmt.Fprintf(r.Out, "%-34s  %8s  %6s  %8s  %12s  %s\n", "WHAT HAPPENED", "SECONDS", "AT MOST", "DIRECTLY", "ACKNOWLEDGED", "OF THESE LOST")
	for _, each := range faults {
		result, err := r.rehearse(ctx, each)
		if err != nil {
			return fmt.Errorf("%s: %w", each.name, err)
		}
		fmt.Fprintf(r.Out, "%-34s  %8.1f  %6.0f  %8.1f  %12d  %d\n",
			each.name, result.pause.Seconds(), each.within.Seconds(), result.directly.Seconds(), result.acknowledged, result.lost)
		problems = append(problems, result.problems(each)...)
	}
	_, err := r.psql(ctx, "drop table failover_rehearsal")
	return errors.Join(append(problems, err)...)
}

// real says whether there are servers to do something to.
func (r *losses) real(ctx context.Context) error {
	c, err := r.find(ctx)
	if err != nil {
		return fmt.Errorf("look for the database's servers: %w; the stack needs postgres.engine cloudnative-pg", err)
	}
	if c.Status.CurrentPrimary == "" {
		return errors.New("the database's servers are simulated: take real machines, ./scripts/sandbox up prod --machines real")
	}
	return nil
}

// result is what a fault cost: for how long nothing was written through HAProxy, and directly.
type result struct {
	pause, directly    time.Duration
	acknowledged, lost int
}

// problems are all in which a result is worse than promised.
func (r result) problems(of fault) []error {
	var problems []error
	problem := func(format string, values ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", of.name, fmt.Sprintf(format, values...)))
	}
	if r.lost > 0 {
		problem("%d of %d acknowledged writes are not there", r.lost, r.acknowledged)
	}
	if r.pause > of.within {
		problem("nothing was written for %.1f s, and %.0f are promised", r.pause.Seconds(), of.within.Seconds())
	}
	if r.pause > r.directly+longer {
		problem("through HAProxy nothing was written for %.1f s, directly for %.1f: %.0f more is promised at most",
			r.pause.Seconds(), r.directly.Seconds(), longer.Seconds())
	}
	return problems
}

func (r *losses) rehearse(ctx context.Context, each fault) (result, error) {
	before, err := r.whole(ctx)
	if err != nil {
		return result{}, err
	}
	run := fmt.Sprint(time.Now().Unix())
	if err := r.startWriter(ctx, before, run); err != nil {
		return result{}, err
	}
	if _, err := r.wait(ctx, "writes to begin", func(w *written) bool { return w.steady(time.Now(), quiet) }); err != nil {
		return result{}, err
	}
	// asked now: afterwards that pod may be gone
	if r.machine, err = r.nodeOf(ctx, before.Status.CurrentPrimary); err != nil {
		return result{}, err
	}
	struck := time.Now()
	if err := each.strike(r, ctx, before); err != nil {
		return result{}, errors.Join(err, r.mended(ctx, each, before))
	}
	// a second pause, such as that of a replica that joins again, counts, too
	seen, failure := r.wait(ctx, "writes to go on", func(w *written) bool {
		return time.Since(struck) > 20*time.Second && w.steady(time.Now(), 10*time.Second)
	})
	if err := errors.Join(failure, r.mended(ctx, each, before)); err != nil {
		return result{}, err
	}
	if _, err := r.whole(ctx); err != nil {
		return result{}, err
	}
	if _, err := r.kubectl(ctx, "", "delete", "pod", writer, "--now"); err != nil {
		return result{}, err
	}
	there, err := r.rows(ctx, run)
	if err != nil {
		return result{}, err
	}
	return result{
		pause: seen.by[proxied].times.pause(struck), directly: seen.by[direct].times.pause(struck),
		acknowledged: seen.acknowledged(), lost: len(seen.missing(there)),
	}, nil
}

// mended undoes a fault, whatever came of it: somebody's interruption does not keep it from that.
func (r *losses) mended(ctx context.Context, each fault, before *cluster) error {
	if each.mend == nil {
		return nil
	}
	mending, done := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer done()
	return each.mend(r, mending, before)
}

// wait reads the writer's log until it is as wanted. Each time costs 0.2 seconds of a processor, which whoever is to be the primary lacks.
func (r *losses) wait(ctx context.Context, what string, wanted func(*written) bool) (*written, error) {
	var seen *written
	err := rehearsal.UntilEvery(ctx, 5*time.Second, patience, what, func() (string, error) {
		log, err := r.kubectl(ctx, "", "logs", writer)
		if err != nil {
			return err.Error(), nil
		}
		if seen, err = parseWrites(log); err != nil || wanted(seen) {
			return "", err
		}
		return fmt.Sprintf("%d acknowledged; the last failure: %s", seen.acknowledged(), seen.failed), nil
	})
	return seen, err
}

// cluster is what the operator says of its servers.
type cluster struct {
	Spec struct {
		Instances int    `json:"instances"`
		ImageName string `json:"imageName"`
		Bootstrap struct {
			Initdb struct {
				Database string `json:"database"`
			} `json:"initdb"`
		} `json:"bootstrap"`
	} `json:"spec"`
	Status struct {
		Phase          string   `json:"phase"`
		CurrentPrimary string   `json:"currentPrimary"`
		TargetPrimary  string   `json:"targetPrimary"`
		InstanceNames  []string `json:"instanceNames"`
		ReadyInstances int      `json:"readyInstances"`
	} `json:"status"`
}

// healthy is the operator's word for it.
const healthy = "Cluster in healthy state"

func (r *losses) find(ctx context.Context) (*cluster, error) {
	text, err := r.kubectl(ctx, "", "get", object, "--output", "json")
	if err != nil {
		return nil, err
	}
	found := &cluster{}
	return found, json.Unmarshal([]byte(text), found)
}

// whole waits until all servers are there, and follow the primary: the operator calls one ready that does not, and cannot any more
// (cloudnative-pg#4990).
func (r *losses) whole(ctx context.Context) (*cluster, error) {
	var found *cluster
	err := rehearsal.Until(ctx, patience, "all servers", func() (string, error) {
		var err error
		if found, err = r.find(ctx); err != nil {
			return err.Error(), nil
		}
		s := found.Status
		if s.ReadyInstances != found.Spec.Instances || s.CurrentPrimary != s.TargetPrimary || s.Phase != healthy {
			return fmt.Sprintf("%d of %d are ready: %s", s.ReadyInstances, found.Spec.Instances, s.Phase), nil
		}
		following, err := r.psql(ctx, "select application_name from pg_stat_replication where state = 'streaming'")
		if err != nil {
			return err.Error(), nil
		}
		return found.strays(strings.Fields(following)), nil
	})
	return found, err
}

// strays says which servers neither are the primary nor follow it, and what to do; empty if there is none.
func (c *cluster) strays(following []string) string {
	strays := slices.DeleteFunc(slices.Clone(c.Status.InstanceNames), func(name string) bool {
		return name == c.Status.CurrentPrimary || slices.Contains(following, name)
	})
	if len(strays) == 0 {
		return ""
	}
	return fmt.Sprintf("%s does not follow the primary, %s: docs/runbooks/DatabaseMissesAReplica.md says how it is made anew", strings.Join(strays, ", "), c.Status.CurrentPrimary)
}

// kill ends the primary's server as a crash would.
func (r *losses) kill(ctx context.Context, c *cluster) error {
	_, err := r.kubectl(ctx, "", "exec", c.Status.CurrentPrimary, "--container=postgres", "--", "sh", "-c", `kill -9 "$(head -n 1 "$PGDATA/postmaster.pid")"`)
	return err
}

// switchOver makes another server the primary, as `kubectl cnpg promote` does.
func (r *losses) switchOver(ctx context.Context, c *cluster) error {
	next := slices.IndexFunc(c.Status.InstanceNames, func(name string) bool { return name != c.Status.CurrentPrimary })
	if next < 0 {
		return errors.New("there is no other server")
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{
		"targetPrimary": c.Status.InstanceNames[next], "targetPrimaryTimestamp": time.Now().UTC().Format(time.RFC3339Nano),
		"phase": "Switchover in progress", "phaseReason": "Switching over to " + c.Status.InstanceNames[next],
	}})
	if err != nil {
		return err
	}
	_, err = r.kubectl(ctx, "", "patch", object, "--subresource=status", "--type=merge", "--patch="+string(patch))
	return err
}

func (r *losses) cut(ctx context.Context, c *cluster) error {
	return r.Cut(ctx, r.machine)
}

func (r *losses) restore(ctx context.Context, c *cluster) error {
	return r.Restore(ctx, r.machine)
}

// replace has the platform itself make another machine under the primary's machine's name, as its users do.
func (r *losses) replace(ctx context.Context, c *cluster) error {
	return r.Replace(ctx, r.machine)
}

func (r *losses) nodeOf(ctx context.Context, pod string) (string, error) {
	return r.kubectl(ctx, "", "get", "pod", pod, "--output=jsonpath={.spec.nodeName}")
}

// rows are those of a run that the primary has.
func (r *losses) rows(ctx context.Context, run string) (map[row]bool, error) {
	text, err := r.psql(ctx, "select way || ' ' || number from failover_rehearsal where run = '"+run+"'")
	if err != nil {
		return nil, err
	}
	there := map[row]bool{}
	for line := range strings.Lines(text) {
		var found row
		if _, err := fmt.Sscanf(line, "%s %d", &found.way, &found.number); err != nil {
			return nil, fmt.Errorf("the rows of the primary: %q: %w", line, err)
		}
		there[found] = true
	}
	return there, nil
}

// psql asks the primary.
func (r *losses) psql(ctx context.Context, statement string) (string, error) {
	c, err := r.find(ctx)
	if err != nil {
		return "", err
	}
	return r.kubectl(ctx, "", "exec", c.Status.CurrentPrimary, "--container=postgres", "--",
		"psql", "--no-psqlrc", "--tuples-only", "--no-align", "--dbname="+c.Spec.Bootstrap.Initdb.Database, "--command="+statement)
}

func (r *losses) kubectl(ctx context.Context, input string, arguments ...string) (string, error) {
	return r.Ask(ctx, namespace, input, arguments...)
}
