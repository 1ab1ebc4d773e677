// Command review makes a preview of a stack and says what a reviewer has to know of it: ./scripts/review --help.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/iransre/exchange-platform/internal/command"
	"github.com/iransre/exchange-platform/internal/review"
	"github.com/iransre/exchange-platform/internal/review/helm"
)

const usage = `usage: ./scripts/review [options] STACK

Makes a preview of the stack with the Pulumi CLI and writes what a reviewer has to know of it, as markdown: the worst first.

`

func main() { command.Main(run) }

// options are what is asked for.
type options struct {
	root, stack, preview, out, counts, gate, approve, against, accept string
	upgrade                                                           bool
}

func parse(arguments []string, help io.Writer, rules *review.Rules) (*options, error) {
	var asked options
	set := flag.NewFlagSet("review", flag.ContinueOnError)
	set.SetOutput(help)
	set.StringVar(&asked.root, "root", ".", "the `folder` of the checkout; the script gives its own")
	set.StringVar(&asked.preview, "preview", "", "read what pulumi preview --json printed from this `file`, instead of making a preview; - is standard input")
	set.StringVar(&asked.out, "out", "", "write the comment to this `file`, not to standard output")
	set.StringVar(&asked.counts, "counts", "", "write how many resources are made, changed and deleted to this `file`, as GitLab's reports:terraform takes it")
	set.StringVar(&asked.gate, "gate", "", "end with the exit code of the worst change if it is of this `rank` or worse")
	set.StringVar(&asked.approve, "approve", "", "write what is approved with this review to this `file`; it holds no values")
	set.StringVar(&asked.against, "against", "", "end with 3 if this preview does anything that is not approved in this `file`, or ranks worse")
	set.BoolVar(&asked.upgrade, "upgrade", false, "before another version of this platform: ask the cluster as well whether it is ready; end with 5 if it is not")
	set.StringVar(&asked.accept, "accept", "", "with --upgrade, let these `answers` be that are not good, by name, with commas between")
	set.Usage = func() {
		fmt.Fprint(help, usage)
		set.PrintDefaults()
		fmt.Fprintf(help, "\nexit codes: 0, 1 (the review could not be made), %d (the preview failed), %d (not what was approved), %d (not ready), and at a gate\n",
			review.Failed, review.Unapproved, review.NotReady)
		for _, rank := range rules.Ranks {
			if rank.Exit != 0 {
				fmt.Fprintf(help, "  %d %s: %s\n", rank.Exit, rank.Name, rank.Says)
			}
		}
	}
	if err := set.Parse(arguments); err != nil {
		return nil, err
	}
	if set.NArg() != 1 {
		return nil, fmt.Errorf("which stack? for example: ./scripts/review prod; options stand before it")
	}
	asked.stack = set.Arg(0)
	return &asked, nil
}

// run returns the exit code; with an error it is not 0.
func run(ctx context.Context, arguments []string, out, help io.Writer) (int, error) {
	rules, err := review.Default()
	if err != nil {
		return 1, err
	}
	asked, err := parse(arguments, help, rules)
	if errors.Is(err, flag.ErrHelp) {
		return 0, err
	}
	if err != nil {
		return 1, err
	}
	gate, err := rules.Rank(cmp.Or(asked.gate, rules.Ranks[0].Name))
	if err != nil {
		return 1, fmt.Errorf("--gate: %w", err)
	}
	preview, source, err := asked.read(ctx)
	if err != nil {
		return 1, err
	}
	if err := (&helm.Helm{Root: asked.root}).Render(ctx, preview); err != nil {
		return 1, err
	}
	made := rules.Make(asked.stack, preview, source)
	comment, notReady := made.Comment(), 0
	if asked.upgrade {
		var said string
		if said, notReady, err = asked.ready(ctx, rules, made); err != nil {
			return 1, err
		}
		mark := review.Mark(asked.stack) + "\n"
		comment = mark + said + "\n" + strings.TrimPrefix(comment, mark)
	}
	if err := write(asked.out, out, comment); err != nil {
		return 1, err
	}
	if err := writeJSON(asked.counts, made.Counts()); err != nil {
		return 1, err
	}
	if len(made.Errors) > 0 {
		return review.Failed, nil
	}
	if err := asked.keep(made); err != nil {
		return 1, err
	}
	if code, err := asked.compare(made); err != nil {
		return code, err
	}
	if notReady != 0 || asked.gate == "" {
		return notReady, nil
	}
	return made.Exit(gate), nil
}

// keep writes what is approved with a review.
func (o *options) keep(made *review.Review) error {
	if o.approve == "" {
		return nil
	}
	approved, err := made.Approval()
	if err != nil {
		return err
	}
	return writeJSON(o.approve, approved)
}

// writeJSON writes a value to a file, if there is one.
func writeJSON(path string, value any) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// ignoreProtect lets pulumi delete what is protected, whatever its preview said.
const ignoreProtect = "PULUMI_OPTION_IGNORE_PROTECT"

// compare holds a review against what was approved.
func (o *options) compare(made *review.Review) (int, error) {
	if o.against == "" {
		return 0, nil
	}
	if value, set := os.LookupEnv(ignoreProtect); set && value != "false" {
		return review.Unapproved, fmt.Errorf("%s is set: what is protected would be deleted without a word. Nobody can approve that here: unset it", ignoreProtect)
	}
	text, err := os.ReadFile(o.against)
	if err != nil {
		return 1, err
	}
	approved := &review.Approval{}
	if err := json.Unmarshal(text, approved); err != nil {
		return 1, fmt.Errorf("%s is not what --approve writes: %w", o.against, err)
	}
	more, err := made.Beyond(approved)
	if err != nil {
		return 1, fmt.Errorf("%s: %w", o.against, err)
	}
	if len(more) > 0 {
		return review.Unapproved, fmt.Errorf("this is not what was approved (%s):\n  - %s\nReview it again and have that approved", approved.Source, strings.Join(more, "\n  - "))
	}
	return 0, nil
}

// read makes the preview, or reads it where there is one.
func (o *options) read(ctx context.Context) (*review.Preview, review.Source, error) {
	source := checkout(ctx, o.root)
	if o.preview == "" {
		return makePreview(ctx, o.root, o.stack, source)
	}
	source.Elsewhere = true
	from := io.Reader(os.Stdin)
	if o.preview != "-" {
		file, err := os.Open(o.preview)
		if err != nil {
			return nil, source, err
		}
		defer file.Close()
		from = file
	}
	preview, err := review.Read(from)
	if err != nil {
		return nil, source, fmt.Errorf("%s: %w", o.preview, err)
	}
	return preview, source, nil
}

func write(path string, out io.Writer, text string) error {
	if path == "" {
		_, err := io.WriteString(out, strings.TrimRight(text, "\n")+"\n")
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
