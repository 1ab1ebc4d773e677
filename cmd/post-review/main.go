// Command post-review puts a review where its change is reviewed: ./scripts/post-review --help. It runs nothing of the change, and what
// it is given of it is text.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/internal/command"
	"github.com/iransre/exchange-platform/internal/drift"
	"github.com/iransre/exchange-platform/internal/review"
	"github.com/iransre/exchange-platform/internal/review/post"
)

const usage = `usage: ./scripts/post-review --comment FILE --change NUMBER STACK
       ./scripts/post-review --comment FILE --issue NUMBER STACK

Writes the comment that ./scripts/review --out made of a stack where the change is reviewed, or the report of ./scripts/drift --out into an issue;
a later one takes its place.
It goes to GitHub where GITHUB_REPOSITORY is set, with the token GITHUB_TOKEN, and to GitLab where CI_PROJECT_ID is, with GITLAB_TOKEN.

`

func main() {
	command.Main(func(ctx context.Context, arguments []string, _, help io.Writer) (int, error) {
		return 0, run(ctx, arguments, help)
	})
}

// options are what is asked for.
type options struct {
	stack, comment, commit, author string
	change, issue, code            int
}

func parse(arguments []string, help io.Writer) (*options, error) {
	var asked options
	set := flag.NewFlagSet("post-review", flag.ContinueOnError)
	set.SetOutput(help)
	set.StringVar(&asked.comment, "comment", "", "the `file` with the comment")
	set.IntVar(&asked.change, "change", 0, "the `number` of the pull request or merge request; GitLab's own variable CI_MERGE_REQUEST_IID if left out")
	set.IntVar(&asked.issue, "issue", 0, "the `number` of an issue, for a report of ./scripts/drift")
	set.StringVar(&asked.commit, "commit", "", "on GitHub, make a check on this `commit` as well: the change's head, in full")
	set.IntVar(&asked.code, "code", 0, "the `exit code` of the review at its gate, which the check is of")
	set.StringVar(&asked.author, "author", "github-actions[bot]", "on GitHub, the `login` that the token writes as; only its comments are changed")
	set.Usage = func() {
		fmt.Fprint(help, usage)
		set.PrintDefaults()
	}
	if err := set.Parse(arguments); err != nil {
		return nil, err
	}
	asked.stack = set.Arg(0)
	if asked.change == 0 && asked.issue == 0 {
		asked.change, _ = strconv.Atoi(os.Getenv("CI_MERGE_REQUEST_IID"))
	}
	switch {
	case set.NArg() != 1:
		return nil, errors.New("which stack? options stand before it")
	case asked.comment == "":
		return nil, errors.New("--comment is missing: the file that ./scripts/review --out wrote")
	case asked.change != 0 && asked.issue != 0:
		return nil, errors.New("--change and --issue: which of them?")
	case asked.issue < 0 || asked.issue == 0 && asked.change <= 0:
		return nil, errors.New("--change is missing: the number of the pull request or merge request; or --issue")
	}
	return &asked, nil
}

func run(ctx context.Context, arguments []string, help io.Writer) error {
	asked, err := parse(arguments, help)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(asked.comment)
	if err != nil {
		return err
	}
	// A token is sent to no other server than the one it was made for.
	client := &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	switch {
	case os.Getenv("GITHUB_REPOSITORY") != "":
		return asked.toGitHub(ctx, client, string(text))
	case os.Getenv("CI_PROJECT_ID") != "":
		return asked.toGitLab(ctx, client, string(text))
	}
	return errors.New("neither GITHUB_REPOSITORY nor CI_PROJECT_ID is set: where is the change reviewed?")
}

// mark is the first line of what is posted.
func (o *options) mark() string {
	if o.issue != 0 {
		return drift.Mark(o.stack)
	}
	return review.Mark(o.stack)
}

func token(name string) (string, error) {
	value := strings.TrimSpace(os.Getenv(name))
	if value == "" {
		return "", fmt.Errorf("%s is not set: the token that may write comments", name)
	}
	return value, nil
}

func (o *options) toGitHub(ctx context.Context, client *http.Client, text string) error {
	secret, err := token("GITHUB_TOKEN")
	if err != nil {
		return err
	}
	base := cmp.Or(os.Getenv("GITHUB_API_URL"), "https://api.github.com")
	at := post.NewGitHub(client, base, secret, os.Getenv("GITHUB_REPOSITORY"), cmp.Or(o.issue, o.change), o.author)
	if err := post.Put(ctx, at, o.mark(), text); err != nil {
		return err
	}
	if o.commit == "" {
		return nil
	}
	conclusion, title, err := o.conclusion()
	if err != nil {
		return err
	}
	return at.PutCheck(ctx, post.Check{Name: "review of " + o.stack, Commit: o.commit, Conclusion: conclusion, Title: title, Summary: text})
}

// conclusion is what a check says of an exit code.
func (o *options) conclusion() (conclusion, title string, err error) {
	rules, err := review.Default()
	if err != nil {
		return "", "", err
	}
	switch o.code {
	case 0:
		return "success", "nothing that the gate holds up", nil
	case review.Failed:
		return "failure", "the preview failed", nil
	}
	for _, rank := range rules.Ranks {
		if rank.Exit == o.code {
			return "action_required", rank.Says, nil
		}
	}
	return "failure", fmt.Sprintf("there is no review: exit code %d", o.code), nil
}

func (o *options) toGitLab(ctx context.Context, client *http.Client, text string) error {
	secret, err := token("GITLAB_TOKEN")
	if err != nil {
		return err
	}
	base := cmp.Or(os.Getenv("CI_API_V4_URL"), "https://gitlab.com/api/v4")
	at := post.NewGitLab(client, base, secret, os.Getenv("CI_PROJECT_ID"), cmp.Or(o.issue, o.change))
	if o.issue != 0 {
		at = at.Issue()
	}
	return post.Put(ctx, at, o.mark(), text)
}
