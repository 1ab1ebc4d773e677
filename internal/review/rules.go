package review

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"
)

//go:embed rules.yaml
var table []byte

// Rules say how bad a change is.
type Rules struct {
	// Ranks are all there are, worst first.
	Ranks []Rank `json:"ranks"`
	Rules []Rule `json:"rules"`
}

// Rank is how bad something is.
type Rank struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Exit is what a gate ends with.
	Exit int `json:"exit"`
	// Says is the rank in the first line.
	Says string `json:"says"`
	// worse is the rank's place: 0 is the worst.
	worse int
}

// Worse tells whether a rank is worse than another one.
func (r Rank) Worse(than Rank) bool { return r.worse < than.worse }

// Rule ranks the changes that it fits; what it leaves out fits anything.
type Rule struct {
	Types      []string `json:"types"`
	Names      []string `json:"names,omitempty"`
	Ops        []string `json:"ops,omitempty"`
	Role       string   `json:"role,omitempty"`
	Properties []string `json:"properties,omitempty"`
	When       string   `json:"when,omitempty"`
	Rank       string   `json:"rank"`
	Data       bool     `json:"data,omitempty"`
	Says       string   `json:"says"`
}

// Default are the rules of rules.yaml.
var Default = sync.OnceValues(func() (*Rules, error) {
	rules := &Rules{}
	if err := yaml.UnmarshalStrict(table, rules); err != nil {
		return nil, fmt.Errorf("internal/review/rules.yaml: %w", err)
	}
	for i := range rules.Ranks {
		rules.Ranks[i].worse = i
	}
	for _, rule := range rules.Rules {
		if _, err := rules.Rank(rule.Rank); err != nil {
			return nil, fmt.Errorf("internal/review/rules.yaml: %q: %w", rule.Says, err)
		}
		if _, known := whens[rule.When]; rule.When != "" && !known {
			return nil, fmt.Errorf("internal/review/rules.yaml: %q: there is no test %q", rule.Says, rule.When)
		}
	}
	return rules, nil
})

// Rank is the rank of that name.
func (r *Rules) Rank(name string) (Rank, error) {
	i := slices.IndexFunc(r.Ranks, func(rank Rank) bool { return rank.Name == name })
	if i < 0 {
		names := make([]string, len(r.Ranks))
		for i, rank := range r.Ranks {
			names[i] = rank.Name
		}
		return Rank{}, fmt.Errorf("there is no rank %q; there are %s", name, strings.Join(names, ", "))
	}
	return r.Ranks[i], nil
}

// Finding is a change with how bad it is.
type Finding struct {
	Change
	Rank Rank
	// Data tells that it holds data.
	Data bool
	// Says is what it means, each thing once, the worst first.
	Says []string
}

// unsaid is what is said of a change that no rule is about.
const unsaid = "nobody has said what this means: say it in internal/review/rules.yaml"

// Judge says how bad a change is.
func (r *Rules) Judge(change Change) Finding {
	found := Finding{Change: change, Rank: r.Ranks[len(r.Ranks)-1]}
	properties := change.Properties
	if change.Op != Update || len(properties) == 0 {
		properties = append([]Property{{}}, properties...)
	}
	type said struct {
		rank  Rank
		words string
	}
	var all []said
	for i, property := range properties {
		rule, fits := r.first(change, property)
		switch {
		case !fits && (change.Op == Update || property.Path == ""):
			rule = Rule{Rank: r.Ranks[0].Name, Says: unsaid}
		case !fits, change.Op != Update && i > 0 && len(rule.Properties) == 0:
			continue // what happens to all of it is said
		}
		rank, _ := r.Rank(rule.Rank) // the table was checked
		found.Data = found.Data || rule.Data
		all = append(all, said{rank, rule.words(change, property)})
	}
	slices.SortStableFunc(all, func(a, b said) int { return a.rank.worse - b.rank.worse })
	for _, each := range all {
		if each.rank.Worse(found.Rank) {
			found.Rank = each.rank
		}
		if each.rank == found.Rank && !slices.Contains(found.Says, each.words) {
			found.Says = append(found.Says, each.words)
		}
	}
	return found
}

func (r *Rules) first(change Change, property Property) (Rule, bool) {
	for _, rule := range r.Rules {
		if rule.fits(change, property) {
			return rule, true
		}
	}
	return Rule{}, false
}

func (r Rule) fits(change Change, property Property) bool {
	return matches(r.Types, change.Type) && (r.Names == nil || matches(r.Names, change.Name)) &&
		(r.Ops == nil || slices.Contains(r.Ops, change.Op)) && known(change.Op) && (r.Role == "" || r.Role == change.Role) &&
		(r.Properties == nil || property.Path != "" && matches(r.Properties, property.Path)) &&
		(r.When == "" || property.Path != "" && whens[r.When](property))
}

func known(op string) bool {
	return slices.Contains([]string{Create, Update, Replace, Delete, Leave, Import}, op)
}

func (r Rule) words(change Change, property Property) string {
	return strings.NewReplacer("{name}", change.Name, "{property}", code(property.Path),
		"{old}", property.show(property.Old), "{new}", property.show(property.New)).Replace(r.Says)
}

// matches tells whether a text is of one of the forms, in which * is anything.
func matches(globs []string, text string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool { return form(glob).MatchString(text) })
}

var forms sync.Map

func form(glob string) *regexp.Regexp {
	if found, has := forms.Load(glob); has {
		return found.(*regexp.Regexp)
	}
	made := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(glob), `\*`, ".*") + "$")
	forms.Store(glob, made)
	return made
}
