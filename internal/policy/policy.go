// Package policy is what an environment must be, as data: policy.yaml has the rules, a stack file may make exceptions from them.
package policy

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
	"github.com/iransre/exchange-platform/internal/yaml"
)

//go:embed policy.yaml
var table []byte

// Level is what becomes of a stack file that breaks a rule.
type Level string

// The levels; none is that the profile has no such rule.
const (
	Refused Level = "refused"
	Warned  Level = "warned"
)

// Rule is one of the rules.
type Rule struct {
	Name string `json:"name"`
	// Key is the one that it is about; or
	Key string `json:"key,omitempty"`
	// CEL is what must be true of every pod.
	CEL string `json:"cel,omitempty"`
	// Except are the namespaces in which it need not be.
	Except []Except `json:"except,omitempty"`
	// Given are values of other keys with which it holds.
	Given map[string]any `json:"given,omitempty"`
	// Is is the test that the key's value has to stand.
	Is string `json:"is,omitempty"`
	// Prod and Demo are the levels of the profiles.
	Prod Level `json:"prod,omitempty"`
	Demo Level `json:"demo,omitempty"`
	// Says what is wrong with a value, and how to mend it.
	Says string `json:"says"`
}

func (r Rule) level(profile settings.Profile) Level {
	return map[settings.Profile]Level{settings.Prod: r.Prod, settings.Demo: r.Demo}[profile]
}

// tests are the tests of one value, by the words under which the table has them.
var tests = map[string]func(any) bool{
	"narrow": func(value any) bool { text, _ := value.(string); return !settings.Everybody(text) },
	"fixed":  func(value any) bool { text, _ := value.(string); return !slices.Contains(moving, text) },
	"on":     func(value any) bool { return value == true },
	within:   func(any) bool { return true }, // Spent knows
}

// within is the test of the budget, which needs the prices of the cloud.
const within = "within"

// moving are tags that name a branch rather than a version.
var moving = []string{"latest", "main", "master", "dev", "develop", "edge", "nightly", "stable"}

// Rules are all rules.
var Rules = sync.OnceValues(func() ([]Rule, error) {
	var rules []Rule
	if err := yaml.UnmarshalStrict(table, &rules); err != nil {
		return nil, fmt.Errorf("internal/policy/policy.yaml: %w", err)
	}
	for _, rule := range rules {
		if _, known := tests[rule.Is]; !known && rule.CEL == "" {
			return nil, fmt.Errorf("internal/policy/policy.yaml: %s: there is no test %q", rule.Name, rule.Is)
		}
	}
	return rules, nil
})

// Config are the exceptions from what an environment must be.
type Config struct {
	// Exceptions let the environment be otherwise, each for a time. What is excepted is said at every update.
	Exceptions []Exception `json:"exceptions,omitempty"`
	// MonthlyBudget is how many rials a month of the machines and their volumes may cost, by the zone's list of prices; 0 is no limit. Every preview
	// holds it against what the environment would cost.
	MonthlyBudget int64 `json:"monthlyBudget,omitempty"`
}

// Exception is one exception from a rule.
type Exception struct {
	// Rule is its name: see the table in docs/reviews.md.
	Rule string `json:"rule"`
	// Reason is why, for whoever reads it later.
	Reason string `json:"reason"`
	// Until is the last day on which it holds, "2027-03-31"; then the rule does again.
	Until string `json:"until"`
}

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	rules, err := Rules()
	if err != nil {
		return field.ErrorList{field.InternalError(path, err)}
	}
	var names []string
	for _, rule := range rules {
		names = append(names, rule.Name)
	}
	var problems field.ErrorList
	if c.MonthlyBudget < 0 {
		problems = append(problems, field.Invalid(path.Child("monthlyBudget"), c.MonthlyBudget, "must be an amount of rials, or 0 for no limit"))
	}
	for i, exception := range c.Exceptions {
		at := path.Child("exceptions").Index(i)
		problems = append(problems, settings.OneOf(exception.Rule, at.Child("rule"), names...)...)
		problems = append(problems, settings.Text(exception.Reason, at.Child("reason"), "say why, for whoever reads it later")...)
		if _, err := time.Parse(time.DateOnly, exception.Until); err != nil {
			problems = append(problems, field.Invalid(at.Child("until"), exception.Until, `must be the last day on which it holds, such as "2027-03-31"`))
		}
	}
	return problems
}

// Breach is a value that breaks a rule.
type Breach struct {
	Rule  Rule
	Path  *field.Path
	Value any
	Level Level
	// Exception is the one that lets it be, or did until it ended.
	Exception *Exception
	Ended     bool
}

// Breaches are the values of a configuration that break a rule of its profile on a day.
func (c *Config) Breaches(config any, profile settings.Profile, today time.Time) ([]Breach, error) {
	rules, err := Rules()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, err
	}
	var found []Breach
	for _, rule := range rules {
		if rule.Key == "" || rule.level(profile) == "" || !rule.holds(values) {
			continue
		}
		for _, key := range spread(values, rule.Key) {
			value, _ := at(values, key)
			path := pathOf(key)
			list, isList := value.([]any)
			if !isList {
				found = append(found, c.breach(rule, path, value, profile, today)...)
				continue
			}
			for i, each := range list {
				found = append(found, c.breach(rule, path.Index(i), each, profile, today)...)
			}
		}
	}
	return found, nil
}

// spread are the keys that one with a * stands for: none where the map is empty.
func spread(values map[string]any, key string) []string {
	before, after, several := strings.Cut(key, ".*.")
	if !several {
		return []string{key}
	}
	value, _ := at(values, before)
	each, _ := value.(map[string]any)
	var keys []string
	for _, name := range slices.Sorted(maps.Keys(each)) {
		keys = append(keys, before+"."+name+"."+after)
	}
	return keys
}

// holds tells whether other keys have the values with which the rule holds.
func (r Rule) holds(values map[string]any) bool {
	for key, wanted := range r.Given {
		value, _ := at(values, key)
		several, isList := wanted.([]any)
		if !isList {
			several = []any{wanted}
		}
		if !slices.ContainsFunc(several, func(each any) bool { return reflect.DeepEqual(value, each) }) {
			return false
		}
	}
	return true
}

// pathOf is where a key stands.
func pathOf(key string) *field.Path {
	keys := strings.Split(key, ".")
	return field.NewPath(keys[0], keys[1:]...)
}

func (c *Config) breach(rule Rule, path *field.Path, value any, profile settings.Profile, today time.Time) []Breach {
	if tests[rule.Is](value) {
		return nil
	}
	return []Breach{c.broken(rule, path, value, profile, today)}
}

// broken is a rule that does not hold.
func (c *Config) broken(rule Rule, path *field.Path, value any, profile settings.Profile, today time.Time) Breach {
	made := Breach{Rule: rule, Path: path, Value: value, Level: rule.level(profile)}
	if found := c.excepted(rule, today); found != nil {
		made.Exception, made.Ended = &found.Exception, found.Ended
	}
	return made
}

// applied is an exception on a day.
type applied struct {
	Exception
	Ended bool
}

// excepted is the exception that lets a rule be broken, or did until it ended; nil if there is none.
func (c *Config) excepted(rule Rule, today time.Time) *applied {
	var found *applied
	for _, exception := range c.Exceptions {
		until, err := time.Parse(time.DateOnly, exception.Until)
		if exception.Rule != rule.Name || err != nil { // Validate says so
			continue
		}
		found = &applied{exception, !today.Before(until.AddDate(0, 0, 1))}
		if !found.Ended {
			break
		}
	}
	return found
}

// Excepted tells whether a breach is let be.
func (b Breach) Excepted() bool { return b.Exception != nil && !b.Ended }

// Refused is the mistake that a breach is; nil if it is none.
func (b Breach) Refused() *field.Error {
	if b.Level != Refused || b.Excepted() {
		return nil
	}
	return field.Invalid(b.Path, b.Value, b.Rule.Says+b.ended())
}

// Warning is what a breach has said at every update; empty if it is refused.
func (b Breach) Warning() string {
	if b.Level == Refused && !b.Excepted() {
		return ""
	}
	said := fmt.Sprintf("policy %s: %s is %v: %s", b.Rule.Name, b.Path, b.Value, b.Rule.Says)
	switch {
	case b.Excepted():
		return fmt.Sprintf("%s. It is excepted until %s: %s", said, b.Exception.Until, b.Exception.Reason)
	case b.Rule.Prod == Refused:
		return said + "; prod refuses this"
	}
	return said + b.ended()
}

func (b Breach) ended() string {
	if !b.Ended {
		return ""
	}
	return fmt.Sprintf(" (its exception ended on %s: %s)", b.Exception.Until, b.Exception.Reason)
}

// at is the value of a key.
func at(values map[string]any, key string) (any, bool) {
	first, rest, more := strings.Cut(key, ".")
	value, has := values[first]
	if !more || !has {
		return value, has
	}
	inner, _ := value.(map[string]any)
	return at(inner, rest)
}

// Markdown renders the rules for docs/reviews.md.
func Markdown(rules []Rule) string {
	var page strings.Builder
	page.WriteString("| rule | key | in prod | in demo | what breaks it |\n|---|---|---|---|---|\n")
	for _, rule := range rules {
		or := func(level Level) string {
			if level == "" {
				return "allowed"
			}
			return string(level)
		}
		about := "`" + rule.Key + "`"
		if rule.CEL != "" {
			about = "every pod"
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s |\n", rule.Name, about, or(rule.Prod), or(rule.Demo), rule.Says)
	}
	page.WriteString("\nIn these namespaces a rule of pods does not hold:\n\n| rule | namespace | why |\n|---|---|---|\n")
	for _, rule := range rules {
		for _, except := range rule.Except {
			fmt.Fprintf(&page, "| `%s` | `%s` | %s |\n", rule.Name, except.Namespace, except.Reason)
		}
	}
	return page.String()
}
