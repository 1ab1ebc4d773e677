package review

import (
	"maps"
	"slices"
	"strings"
)

// Words of the engine's, and the type of a release, for those who render them.
const (
	Secret      = secret
	Unknown     = unknown
	ReleaseType = releaseType
)

// another is a value that only the update knows, by another name: what is made of it differs from what is made of unknown.
const another = "04da6b54-80e4-46f7-96ec-0000000000ba"

// Upgrades tells of a step that changes a release that is there.
func (s Step) Upgrades() bool {
	return (s.Op == "update" || s.Op == "replace") && s.Old != nil && s.New != nil && s.New.Type == releaseType
}

// NewValues are the values of a release after the update, twice: with two words for what only the update knows. A secret that becomes
// another one counts as that.
func (s Step) NewValues() (after, again any) {
	changed := map[string]bool{}
	for path := range s.DetailedDiff {
		changed[dotted(path)] = true
	}
	values := s.New.Inputs["values"]
	return replaced(values, "values", changed, unknown), replaced(values, "values", changed, another)
}

func dotted(path string) string { return strings.NewReplacer(`["`, ".", `"]`, "").Replace(path) }

func replaced(value any, path string, changed map[string]bool, by string) any {
	switch node := value.(type) {
	case map[string]any:
		made := map[string]any{}
		for key, each := range node {
			made[key] = replaced(each, path+"."+key, changed, by)
		}
		return made
	case []any:
		made := make([]any, len(node))
		for i, each := range node {
			made[i] = replaced(each, path, changed, by)
		}
		return made
	case string:
		if node == secret && changed[path] {
			return by
		}
		return strings.ReplaceAll(node, unknown, by)
	}
	return value
}

// Cluster is what a preview tells of the cluster: the version of Kubernetes, and the kinds of objects that are in it.
func (p *Preview) Cluster() (version string, kinds []string) {
	found := map[string]bool{}
	for _, step := range p.Steps {
		if step.Old == nil {
			continue
		}
		if about, is := step.Old.Outputs["kubernetes"].(map[string]any); is && step.Old.Type == "pulumi:pulumi:Stack" {
			version, _ = about["version"].(string)
		}
		if token, is := strings.CutPrefix(step.Old.Type, "kubernetes:"); is && step.Old.Type != releaseType {
			group, kind, _ := strings.Cut(token, ":")
			group = strings.TrimPrefix(group, "core/")
			found[group], found[group+"/"+kind] = true, true
		}
		names, _ := step.Old.Outputs["resourceNames"].(map[string]any)
		for name := range names { // "Deployment.apps/apps/v1", "Service/v1"
			kind, group, _ := strings.Cut(name, "/")
			kind, _, _ = strings.Cut(kind, ".")
			found[group], found[group+"/"+kind] = true, true
		}
	}
	return version, slices.Sorted(maps.Keys(found))
}

// judgeObjects adds to a finding of a release what becomes of its objects, each judged as if the program made it itself.
func (r *Rules) judgeObjects(found *Finding) {
	const pods = "{pods}"
	says := "its pods may restart"
	switch release := found.Release; {
	case release == nil:
	case release.Unknown != "":
		r.atLeast(found, restart, "what changes in the cluster is not known: "+plain(release.Unknown))
	default:
		if says = release.pods(); says == "" {
			says = "no pod restarts"
		}
		for _, object := range release.Changes {
			if object.stamped() {
				continue
			}
			if len(object.Refused) > 0 {
				r.atLeast(found, restart, "the update fails: "+object.cannot())
			}
			if object.Claims {
				r.atLeast(found, r.Ranks[0].Name, object.String()+" "+happened[object.Op]+": the claims of its volumes go, with all that is on these")
				found.Data = true
			}
			judged := r.Judge(Change{Type: object.token(), Name: object.Name, Op: object.Op, Properties: object.own()})
			if judged.Rank.Worse(r.rest()) && (judged.Rank.Name != restart || object.Pods == "" && object.Runs == "") {
				r.atLeast(found, judged.Rank.Name, object.String()+" "+happened[object.Op]+": "+strings.Join(judged.Says, "; "))
			}
			found.Data = found.Data || judged.Data && judged.Rank == r.Ranks[0]
		}
		if release.pods() != "" {
			r.atLeast(found, restart, "")
		}
	}
	for i := range found.Says {
		found.Says[i] = strings.ReplaceAll(found.Says[i], pods, says)
	}
}

func (r *Rules) rest() Rank { return r.Ranks[len(r.Ranks)-1] }

// atLeast has a finding be as bad as that; its words are those of the worst.
func (r *Rules) atLeast(found *Finding, name, words string) {
	rank, _ := r.Rank(name) // the table was checked
	switch {
	case rank.Worse(found.Rank):
		found.Rank, found.Says = rank, nil
		if words == "" {
			words = "{pods}"
		}
		fallthrough
	case rank == found.Rank:
		if words != "" && !slices.Contains(found.Says, words) {
			found.Says = append(found.Says, words)
		}
	}
}

// pods says which pods restart, or may; empty if none does.
func (r *Release) pods() string {
	by := map[string][]string{}
	for _, object := range r.Changes {
		if object.Pods != "" {
			by[object.Pods] = append(by[object.Pods], object.String())
		}
	}
	var parts []string
	for _, what := range []string{podsGo, restart, mayRestart, nextStart} {
		if len(by[what]) > 0 {
			parts = append(parts, "pods "+what+": "+strings.Join(by[what], ", "))
		}
	}
	return strings.Join(parts, "; ")
}

// cannot says what nobody can change.
func (o Object) cannot() string {
	paths := make([]string, len(o.Refused))
	for i, path := range o.Refused {
		paths[i] = code(path)
	}
	return "Kubernetes lets nobody change " + strings.Join(paths, ", ") + " of " + o.String()
}

// stamps are the labels that change with each version of a chart, or of what it runs.
var stamps = []string{`metadata.labels["helm.sh/chart"]`, `metadata.labels["app.kubernetes.io/version"]`, "metadata.labels.chart", "metadata.labels.heritage"}

// stamped tells of an object that only gets such labels.
func (o Object) stamped() bool { return o.Op == Update && o.Runs == "" && len(o.own()) == 0 }

// own are the fields that change beside such labels.
func (o Object) own() []Property {
	return slices.DeleteFunc(slices.Clone(o.Fields), func(p Property) bool { return slices.Contains(stamps, p.Path) })
}

// say writes the objects into a comment, so many of them and so many fields of each.
func (r *Release) say(say func(string, ...any), shown int) {
	if r.Unknown != "" {
		say("  - **what changes in the cluster is not known**: %s", plain(r.Unknown))
		return
	}
	if pods := r.pods(); pods != "" {
		say("  - %s", pods)
	} else {
		say("  - no pod restarts")
	}
	stamped := 0
	var listed []Object
	for _, object := range r.Changes {
		switch {
		case object.stamped():
			stamped++
		case len(object.Refused) > 0:
			say("  - **the update fails**: %s", object.cannot())
			listed = append(listed, object)
		default:
			listed = append(listed, object)
		}
	}
	for i, object := range listed {
		if i == max(shown, 10) {
			say("  - … and %d more objects", len(listed)-i)
			break
		}
		say("  - %s", object.line(max(shown, 3)))
	}
	if stamped > 0 {
		say("  - %d objects get other labels of their chart's version, and nothing else", stamped)
	}
	if len(r.Changes) == 0 {
		say("  - no object changes")
	}
}

func (o Object) line(shown int) string {
	switch {
	case o.Runs != "":
		return o.String() + " runs (" + o.Runs + ")"
	case o.Op != Update:
		return o.String() + " " + happened[o.Op]
	}
	var parts []string
	for _, each := range o.own() {
		switch {
		case len(parts) == min(shown, 6):
			return o.String() + ": " + strings.Join(append(parts, "…"), "; ")
		case each.New == unknown:
			parts = append(parts, code(each.Path)+": unknown until the update")
		default:
			parts = append(parts, each.String())
		}
	}
	return o.String() + ": " + strings.Join(parts, "; ")
}
