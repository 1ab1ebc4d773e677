package drift

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// How a comparison can end.
const (
	None     = "none"
	Found    = "found"
	Unknown  = "unknown"
	moreThan = 50 // so many findings are told in full
)

// Ended is how it did. What could not be asked may be drift.
func (r *Report) Ended() string {
	switch {
	case len(r.Findings) > 0:
		return Found
	case len(r.Unasked) > 0:
		return Unknown
	}
	return None
}

// Mark is the first line of a report, which nobody sees.
func Mark(stack string) string { return "<!-- exchange-platform: the drift of " + stack + " -->" }

// Markdown is the report for people.
func (r *Report) Markdown() string {
	var text strings.Builder
	say := func(form string, values ...any) { fmt.Fprintf(&text, form, values...) }
	say("%s\n", Mark(r.Stack))
	switch r.Ended() {
	case None:
		say("### %s: nothing is otherwise than the program wants\n", code(r.Stack))
	case Unknown:
		say("### %s: **not everything could be compared**, so nobody knows\n", code(r.Stack))
	default:
		say("### %s: **%s otherwise than the program wants**\n", code(r.Stack), count(len(r.Findings), "thing is", "things are"))
	}
	last := Finding{}
	for i, each := range r.Findings {
		if i == moreThan {
			break
		}
		if each.Object != last.Object {
			last.remedies(say)
			say("\n- %s\n", each.whose())
			last = each
		}
		say("  - %s\n", each.says())
	}
	last.remedies(say)
	if more := len(r.Findings) - moreThan; more > 0 {
		say("\n… and %d more.\n", more)
	}
	if len(r.Unasked) > 0 {
		say("\nWhat could not be compared:\n\n")
		for _, each := range r.Unasked {
			say("- %s\n", code(each))
		}
	}
	if len(r.Noise) > 0 {
		say("\n<details><summary>What differs and is no drift</summary>\n\n")
		for _, reason := range slices.Sorted(maps.Keys(r.Noise)) {
			say("- %d: %s\n", r.Noise[reason], line(reason))
		}
		say("\n</details>\n")
	}
	say("\n%d objects, releases and resources were compared at %s.\n", r.Looked, r.Made.UTC().Format(time.RFC3339))
	return text.String()
}

// whose is the object that findings are of.
func (f *Finding) whose() string {
	if f.Of == "" || f.Type != "" || strings.HasPrefix(f.Of, "urn:") || f.Kind == "Release" {
		return code(f.Object)
	}
	return code(f.Object) + " of release " + code(f.Of)
}

// says is one finding in a sentence.
func (f *Finding) says() string {
	by := ", the cluster does not keep by whom"
	switch {
	case f.Type != "": // nor does the account
		by = ""
	case f.Manager != "":
		by = ", by " + code(f.Manager)
		if !f.At.IsZero() {
			by += " at " + f.At.UTC().Format(time.RFC3339)
		}
	}
	switch f.What {
	case Gone:
		return "it is gone" + by
	case Added:
		return fmt.Sprintf("%s was added: %s%s", code(f.Field), code(f.Live), by)
	}
	return fmt.Sprintf("%s is %s, not %s%s", code(f.Field), code(f.Live), code(f.Wanted), by)
}

// remedies are the same for all findings of an object.
func (f *Finding) remedies(say func(string, ...any)) {
	if f.Object != "" {
		say("  - undo: %s\n  - keep: %s\n", code(f.Undo), line(f.Keep))
	}
}

// code is a text of others, in which nothing is markup.
func code(text string) string {
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, "`", "'")), " ")
	if text == "" {
		text = " "
	}
	return "`" + text + "`"
}

// line is a text of ours.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }

func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// Metrics is the report for Prometheus, as a file of the textfile collector's or for a Pushgateway.
func (r *Report) Metrics() string {
	var text strings.Builder
	gauge := func(name, help string, value any) {
		fmt.Fprintf(&text, "# HELP %s %s\n# TYPE %[1]s gauge\n%[1]s{stack=%[3]q} %[4]v\n", name, help, r.Stack, value)
	}
	gauge("exchange_platform_drift_findings", "What is otherwise than the program wants.", len(r.Findings))
	gauge("exchange_platform_drift_unasked", "What could not be compared.", len(r.Unasked))
	gauge("exchange_platform_drift_timestamp_seconds", "When it was compared.", r.Made.Unix())
	return text.String()
}
