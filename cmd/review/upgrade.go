package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/internal/command"
	"github.com/iransre/exchange-platform/internal/drift"
	"github.com/iransre/exchange-platform/internal/review"
	"github.com/iransre/exchange-platform/internal/upgrade"
)

// changes is what the preview says of an upgrade.
const changes = "changes"

// ready says whether the environment is ready for the version that is checked out: the preview of it, and what the cluster answers.
func (o *options) ready(ctx context.Context, rules *review.Rules, made *review.Review) (said string, code int, err error) {
	answers, err := o.changes(rules, made)
	if err != nil {
		return "", 1, err
	}
	answers = append(answers, o.ask(ctx)...)
	if o.accept != "" {
		if err := upgrade.Accept(answers, strings.Split(o.accept, ",")); err != nil {
			return "", 1, fmt.Errorf("--accept: %w", err)
		}
	}
	if !upgrade.Ready(answers) {
		code = review.NotReady
	}
	return upgrade.Markdown(o.stack, answers), code, nil
}

// changes are good as long as no data is in danger.
func (o *options) changes(rules *review.Rules, made *review.Review) ([]upgrade.Answer, error) {
	worst, err := rules.Rank("data")
	if err != nil {
		return nil, err
	}
	counts := made.Counts()
	answer := upgrade.Answer{
		Name: changes, Good: len(made.Errors) == 0 && made.Exit(worst) == 0,
		Says: fmt.Sprintf("%s; %d made, %d changed, %d deleted", made.Worst().Says, counts.Create, counts.Update, counts.Delete),
		Mend: "the review below says what is in danger",
	}
	if len(made.Errors) > 0 {
		answer.Says = "not known: the preview failed"
	}
	return []upgrade.Answer{answer}, nil
}

// ask asks the cluster that the state leads to.
func (o *options) ask(ctx context.Context) []upgrade.Answer {
	text, err := command.Pulumi(ctx, o.root, nil, "stack", "export", "--show-secrets", "--stack", o.stack)
	if err != nil {
		return []upgrade.Answer{{Name: "cluster", Says: "not known: " + err.Error(), Mend: "log in to the state"}}
	}
	state, err := drift.ReadState(text)
	if err != nil {
		return []upgrade.Answer{{Name: "cluster", Says: "not known: " + err.Error(), Mend: "log in to the state"}}
	}
	return upgrade.Ask(ctx, state.Kubeconfig, time.Now())
}
