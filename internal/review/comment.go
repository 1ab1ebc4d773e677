package review

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// most is how long a comment may be: GitHub takes 65,536 characters.
const most = 60_000

// Mark is the line by which the comment of a stack is found again.
func Mark(stack string) string { return "<!-- exchange-platform: the review of " + stack + " -->" }

// Comment writes the review as markdown. Whatever ranks worse than the rest is always in it.
func (r *Review) Comment() string {
	text := r.comment(len(r.Findings))
	for shown := len(r.Findings); len(text) > most && shown > 0; {
		shown /= 2
		text = r.comment(shown)
	}
	return text
}

// comment shows so many of the findings of the mildest rank, and as many properties of each.
func (r *Review) comment(shown int) string {
	var page strings.Builder
	say := func(form string, values ...any) { fmt.Fprintf(&page, form+"\n", values...) }
	say("%s", Mark(r.Stack))
	say("### %s: %s", code(r.Stack), r.headline())
	if len(r.Errors) > 0 {
		say("\nThe preview failed, so nothing can be said of what it would do:\n\n```\n%s\n```", fenced(strings.Join(r.Errors, "\n")))
	}
	if counts := r.counts(); counts != "" {
		say("\n%s. %s", counts, r.money())
	}
	if data := r.data(); len(data) > 0 {
		say("\n**Data that is touched:** %s", strings.Join(data, ", "))
	}
	for _, rank := range r.rules.Ranks[:len(r.rules.Ranks)-1] {
		if findings := r.Of(rank); len(findings) > 0 {
			say("\n#### %s", rank.Title)
			for _, finding := range findings {
				say("%s", finding.line(shown))
			}
		}
	}
	if r.Plan != "" {
		say("\n#### The cluster's steps\n\n```\n%s\n```", fenced(r.Plan))
	}
	r.sayReleases(say, shown)
	for _, part := range []struct {
		title string
		said  []string
	}{{"Policy", r.Policy}, {"Warnings", r.Warnings}} {
		if len(part.said) == 0 {
			continue
		}
		say("\n#### %s\n", part.title)
		for _, each := range part.said {
			say("- %s", plain(each))
		}
	}
	r.sayRest(say, shown)
	say("\n<sub>%s</sub>", r.Source)
	return page.String()
}

// headline is the worst thing, and how many more there are like it.
func (r *Review) headline() string {
	switch {
	case len(r.Errors) > 0:
		first, rest, _ := strings.Cut(r.Errors[0], "\n")
		if strings.HasSuffix(first, ":") { // what it is stands in the next line
			second, _, _ := strings.Cut(rest, "\n")
			first += " " + strings.TrimLeft(second, " -")
		}
		return "**the preview failed**: " + plain(first)
	case len(r.Findings) == 0:
		return "no change"
	}
	worst := r.Findings[0]
	line := fmt.Sprintf("**%s**: %s %s: %s", worst.Rank.Says, worst.what(), cmp.Or(happened[worst.Op], worst.Op), strings.Join(worst.Says, "; "))
	if more := len(r.Of(worst.Rank)) - 1; more > 0 {
		line += fmt.Sprintf(" (and %d more)", more)
	}
	return line
}

// what is "`arvan-prod-w1` (Server, worker)".
func (f Finding) what() string {
	kind := f.Type[strings.LastIndex(f.Type, ":")+1:]
	if f.Role != "" {
		kind += ", " + f.Role
	}
	return fmt.Sprintf("%s (%s)", code(f.Name), kind)
}

func (f Finding) line(shown int) string {
	line := fmt.Sprintf("- %s **%s**: %s", f.what(), cmp.Or(happened[f.Op], f.Op), strings.Join(f.Says, "; "))
	if f.Protected && (f.Op == Delete || f.Op == Replace) {
		line += ". It is protected: the update refuses this"
	}
	if f.Type == releaseType && f.Op == Update {
		return line // its values stand below
	}
	for i, property := range f.told() {
		if i == max(shown, 3) {
			return line + "\n  - …"
		}
		if text := property.String(); f.Type != commandType {
			line += "\n  - " + text
		} else { // a program's text says nothing to a reader
			line += "\n  - " + code(property.Path) + " changes"
		}
		if property.Forces {
			line += ", which only another one can have"
		}
	}
	return line
}

// told are the properties that are shown: of something new or gone, none.
func (f Finding) told() []Property {
	if f.Op != Update && f.Op != Replace {
		return nil
	}
	return f.Properties
}

// data are the things that hold data and are touched, by name.
func (r *Review) data() []string {
	var touched []string
	for _, finding := range r.Findings {
		if finding.Data {
			touched = append(touched, fmt.Sprintf("%s %s", code(finding.Name), cmp.Or(happened[finding.Op], finding.Op)))
		}
	}
	return touched
}

const commandType = "command:remote:Command"

const releaseType = "kubernetes:helm.sh/v3:Release"

// withPods are the kinds of objects whose pods restart.
var withPods = []string{"DaemonSet", "Deployment", "StatefulSet"}

func (r *Review) sayReleases(say func(string, ...any), shown int) {
	first := true
	for _, finding := range r.Findings {
		if finding.Type != releaseType || finding.Op != Update {
			continue
		}
		if first {
			say("\n#### Helm releases")
			first = false
		}
		say("- %s", code(finding.Name))
		for i, property := range finding.Properties {
			if i == max(shown, 10) {
				say("  - …")
				break
			}
			say("  - %s", property)
		}
		if finding.Release != nil {
			finding.Release.say(say, shown)
			continue
		}
		var pods []string
		for _, kind := range withPods {
			for _, name := range finding.Objects[kind] {
				pods = append(pods, kind+" "+code(name))
			}
		}
		if len(pods) > 0 && finding.restarts() {
			say("  - with pods, which may restart: %s", strings.Join(pods, ", "))
		}
		if others := finding.others(); len(others) > 0 {
			say("  - with objects: %s", strings.Join(others, ", "))
		}
	}
}

// restarts tells whether more changes than how a release is installed.
func (f Finding) restarts() bool { return f.Rank.Name != "rest" }

// others are the kinds of a release's objects without pods, with how many there are.
func (f Finding) others() []string {
	var others []string
	for _, kind := range slices.Sorted(maps.Keys(f.Objects)) {
		if !slices.Contains(withPods, kind) {
			others = append(others, fmt.Sprintf("%d %s", len(f.Objects[kind]), kind))
		}
	}
	return others
}

func (r *Review) sayRest(say func(string, ...any), shown int) {
	rest := r.rules.Ranks[len(r.rules.Ranks)-1]
	findings := r.Of(rest)
	if len(findings) == 0 {
		return
	}
	say("\n<details><summary>%s: %d</summary>\n", rest.Title, len(findings))
	for i, finding := range findings {
		if i == shown {
			say("- … and %d more", len(findings)-shown)
			break
		}
		say("%s", finding.line(shown))
	}
	say("\n</details>")
}

// money is what a month costs more.
func (r *Review) money() string {
	text := "A month costs the same."
	switch {
	case r.Rials > 0:
		text = fmt.Sprintf("A month costs %s rials more.", thousands(r.Rials))
	case r.Rials < 0:
		text = fmt.Sprintf("A month costs %s rials less.", thousands(-r.Rials))
	}
	switch {
	case len(r.Unpriced) > 0 && r.Rials == 0:
		return fmt.Sprintf("What a month costs more is not known of %s.", names(r.Unpriced))
	case len(r.Unpriced) > 0:
		text += fmt.Sprintf(" Not known of %s.", names(r.Unpriced))
	}
	return text
}

// names are some names, the first of many.
func names(all []string) string {
	const shown = 5
	some := make([]string, 0, shown)
	for _, name := range all[:min(shown, len(all))] {
		some = append(some, code(name))
	}
	text := strings.Join(some, ", ")
	if more := len(all) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func thousands(number float64) string {
	digits := fmt.Sprintf("%.0f", number)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// String says what a preview was made from.
func (s Source) String() string {
	text := "Made from "
	if s.Elsewhere {
		text = "Made elsewhere, from a commit and a state that the preview does not say; charts of this repository were rendered from "
	}
	text += cmp.Or(s.Commit, "an unknown commit")
	if s.Changed {
		text += " with changes that are not committed"
	}
	if s.Elsewhere {
		return text + "."
	}
	text += " and " + cmp.Or(s.State, "an unknown state")
	if s.Pending > 0 {
		text += fmt.Sprintf(", in which %d operations were interrupted", s.Pending)
	}
	return text + "."
}

// code is a name as it is, whatever is in it.
func code(text string) string {
	return "`" + strings.NewReplacer("`", "'", "\n", " ", "\r", " ").Replace(text) + "`"
}

// plain is a text in which nothing is markdown, a tag of HTML or somebody's name.
func plain(text string) string {
	return strings.NewReplacer("<", "&lt;", ">", "&gt;", "@", "&#64;", "`", "'", "*", `\*`, "_", `\_`, "[", `\[`, "\n", "<br>", "\r", "").Replace(text)
}

// fenced is a text that does not end its fence.
func fenced(text string) string { return strings.ReplaceAll(text, "```", "'''") }
