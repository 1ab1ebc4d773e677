package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Review is what a reviewer is told of a preview.
type Review struct {
	// Stack is the one that was previewed.
	Stack string
	// Findings are its changes, worst first.
	Findings []Finding
	// Plan is what is done to the cluster, in the program's own words; empty if nothing is.
	Plan string
	// Policy is what the stack file has of what it must not have, or is excepted from; Warnings are what else the program says at every
	// update, Errors what the preview failed of.
	Policy, Warnings, Errors []string
	// Source is what the preview was made from.
	Source Source
	// Rials are what a month costs more; Unpriced are the changes of which that is not known.
	Rials    float64
	Unpriced []string

	rules *Rules
}

// Source is what a preview was made from.
type Source struct {
	// Commit is the checkout's; Changed tells whether it has changes that are not in it.
	Commit  string
	Changed bool
	// State is the stack's: when it was written, and a sum over it. Pending is how many operations in it were interrupted.
	State   string
	Pending int
	// Elsewhere tells of a preview that was handed in, which says neither: Commit is the one whose charts were rendered.
	Elsewhere bool
}

// planned is how the program begins to say what is done to a cluster.
const planned = "plan for cluster "

// policy is how it begins to say what breaks a rule: see package policy.
const policy = "policy "

// Make judges a preview.
func (r *Rules) Make(stack string, preview *Preview, source Source) *Review {
	made := &Review{Stack: stack, Source: source, Errors: preview.Errors(), rules: r}
	for _, change := range preview.Changes() {
		finding := r.Judge(change)
		r.judgeObjects(&finding)
		made.Findings = append(made.Findings, finding)
		switch {
		case change.Priced:
			made.Rials += change.Rials
		default:
			made.Unpriced = append(made.Unpriced, change.Name)
		}
	}
	slices.SortStableFunc(made.Findings, func(a, b Finding) int {
		return cmp.Or(a.Rank.worse-b.Rank.worse, severity(a)-severity(b))
	})
	made.listen(preview.Diagnostics)
	work, _, _ := strings.Cut(strings.TrimPrefix(made.Plan, planned), "\n")
	if _, after, found := strings.Cut(work, ": "); found {
		work = after
	}
	for i := range made.Findings {
		for j, words := range made.Findings[i].Says {
			made.Findings[i].Says[j] = strings.ReplaceAll(words, "{plan}", plain(cmp.Or(work, "what it is made of changes, the steps are not known yet")))
		}
	}
	return made
}

// listen takes what the program said.
func (r *Review) listen(diagnostics []Diagnostic) {
	for _, said := range diagnostics {
		message := strings.TrimSpace(said.Message)
		for _, prefix := range []string{"warning: ", "info: "} {
			message = strings.TrimPrefix(message, prefix)
		}
		switch {
		case strings.HasPrefix(message, planned):
			r.Plan = message
		case strings.HasPrefix(message, policy):
			r.Policy = append(r.Policy, strings.TrimPrefix(message, policy))
		case said.Severity == "warning" && !slices.Contains(r.Warnings, message):
			r.Warnings = append(r.Warnings, message)
		}
	}
}

// severity orders what ranks the same: first what holds data, then what goes.
func severity(f Finding) int {
	order := slices.Index([]string{Delete, Replace, Leave, Update, Import, Create}, f.Op)
	if !f.Data {
		order += 10
	}
	return order
}

// Worst is the rank of the worst change; the mildest of all if there is none.
func (r *Review) Worst() Rank {
	if len(r.Findings) == 0 {
		return r.rules.Ranks[len(r.rules.Ranks)-1]
	}
	return r.Findings[0].Rank
}

// Of are the findings of a rank.
func (r *Review) Of(rank Rank) []Finding {
	var found []Finding
	for _, finding := range r.Findings {
		if finding.Rank == rank {
			found = append(found, finding)
		}
	}
	return found
}

// Exit codes that are none of a rank.
const (
	// Failed is the one where there is no preview to judge, Unapproved that of one that is not what was approved, NotReady that of an
	// environment that is not ready for an upgrade.
	Failed     = 2
	Unapproved = 3
	NotReady   = 5
)

// Exit is what a gate at a rank ends with: 0 if nothing is as bad as that.
func (r *Review) Exit(gate Rank) int {
	switch worst := r.Worst(); {
	case len(r.Errors) > 0:
		return Failed
	case len(r.Findings) == 0 || gate.Worse(worst):
		return 0
	default:
		return worst.Exit
	}
}

// Counts are how many resources are made, changed and deleted, as GitLab's widget of a merge request takes them: a replacement is made
// and deleted.
type Counts struct {
	Create int `json:"create"`
	Update int `json:"update"`
	Delete int `json:"delete"`
}

// Counts are those of all changes.
func (r *Review) Counts() Counts {
	var counts Counts
	for _, finding := range r.Findings {
		switch finding.Op {
		case Create, Import:
			counts.Create++
		case Delete, Leave:
			counts.Delete++
		case Replace:
			counts.Create++
			counts.Delete++
		default:
			counts.Update++
		}
	}
	return counts
}

// counts is "1 deleted, 2 changed, 3 new".
func (r *Review) counts() string {
	number := map[string]int{}
	var order []string
	for _, op := range []string{Delete, Replace, Leave, Update, Import, Create} {
		order = append(order, op)
	}
	for _, finding := range r.Findings {
		if !slices.Contains(order, finding.Op) {
			order = append([]string{finding.Op}, order...)
		}
		number[finding.Op]++
	}
	var parts []string
	for _, op := range order {
		if number[op] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", number[op], cmp.Or(happened[op], op)))
		}
	}
	return strings.Join(parts, ", ")
}

// happened are the words for what happens to a resource.
var happened = map[string]string{
	Create: "new", Update: "changed", Replace: "replaced", Delete: "deleted", Leave: "left behind", Import: "taken over",
}
