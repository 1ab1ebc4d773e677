package stacks

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/policy"
	"github.com/iransre/exchange-platform/internal/settings"
)

//go:generate go run ./docs

// Defaults is what the profile fills in; nothing but the profile itself where there is none of that name.
func Defaults(profile settings.Profile) *Config {
	cfg := &Config{Profile: profile, Protect: profile == settings.Prod}
	for _, section := range sectionsOf(cfg) {
		if defaulter, has := section.(settings.Defaulter); has {
			defaulter.SetDefaults(profile)
		}
	}
	return cfg
}

// Load makes the configuration of a stack from raw, the stack file's values as Pulumi hands them to a program:
// "namespace:key" to a string, which is JSON where the key's type is an object or a list. Keys of the program's providers
// are in account.go; those of other namespaces are not looked at.
//
// The one thing it reads besides is the file that etcdBackup.certificate may name.
//
// It reports every mistake at once, each with its path, what is wrong and how to mend it; an unknown key is a mistake.
func Load(project, stack string, raw map[string]string) (*Config, error) {
	return load(project, stack, raw, nil)
}

// load is Load for an environment that runs with the settings of before.
func load(project, stack string, raw, before map[string]string) (*Config, error) {
	profile := settings.Profile(raw[project+":profile"])
	problems := settings.OneOf(profile, field.NewPath("profile"), settings.Profiles()...)
	known := len(problems) == 0
	cfg := Defaults(profile)
	if err := settings.Keep(cfg, before); err != nil {
		return nil, err
	}
	mistakes, unreadable := decode(project, raw, cfg)
	problems = append(problems, mistakes...)
	_, mistakes = readAccount(raw)
	problems = append(problems, mistakes...)
	switch {
	case !known: // what would be right depends on it
	case len(unreadable) > 0:
		problems = append(problems, validateEach(cfg, unreadable)...)
	default:
		problems = append(problems, settings.TakeLogins(cfg)...)
		problems = append(problems, cfg.Kubernetes.EtcdBackup.ReadCertificate(field.NewPath("kubernetes", "etcdBackup"))...)
		problems = append(problems, validateEach(cfg, nil)...)
		problems = append(problems, validateTogether(stack, cfg)...)
		breaches, err := breaches(cfg)
		if err != nil {
			return nil, err
		}
		for _, breach := range breaches {
			if mistake := breach.Refused(); mistake != nil {
				problems = append(problems, mistake)
			}
		}
	}
	if len(problems) > 0 {
		return nil, invalid(problems)
	}
	return cfg, nil
}

// validateEach checks each section by itself, but those that could not be read: what is missing in them may be there.
func validateEach(cfg *Config, unreadable []string) field.ErrorList {
	var problems field.ErrorList
	sections := sectionsOf(cfg)
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		if validator, has := sections[name].(settings.Validator); has && !slices.Contains(unreadable, name) {
			problems = append(problems, validator.Validate(cfg.Profile, field.NewPath(name))...)
		}
	}
	return problems
}

// breaches are what breaks a rule of the policy today.
func breaches(cfg *Config) ([]policy.Breach, error) {
	return cfg.Policy.Breaches(cfg, cfg.Profile, time.Now())
}

// warnings are what the sections say at every update, and the policy of what it lets be.
func warnings(cfg *Config) ([]string, error) {
	var said []string
	sections := sectionsOf(cfg)
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		if warner, has := sections[name].(settings.Warner); has {
			said = append(said, warner.Warnings(cfg.Profile)...)
		}
	}
	said = append(said, warnTogether(cfg)...)
	found, err := breaches(cfg)
	for _, breach := range found {
		if warning := breach.Warning(); warning != "" {
			said = append(said, warning)
		}
	}
	return said, err
}

// invalid joins problems into the one error a user reads.
func invalid(problems field.ErrorList) error {
	lines := make([]string, len(problems))
	for i, problem := range problems {
		lines[i] = "  " + problem.Error()
	}
	noun := "mistakes"
	if len(lines) == 1 {
		noun = "mistake"
	}
	return fmt.Errorf("the stack's configuration has %d %s; nothing was changed:\n%s", len(lines), noun, strings.Join(lines, "\n"))
}

// decode lays the raw values over the profile's defaults in cfg, and names the sections in which a value is not of its key's type.
func decode(project string, raw map[string]string, cfg *Config) (problems field.ErrorList, unreadable []string) {
	sections := sectionsOf(cfg)
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		key, ours := strings.CutPrefix(name, project+":")
		if !ours {
			continue
		}
		path := field.NewPath(key)
		section, known := sections[key]
		if !known {
			problems = append(problems, field.Forbidden(path, "unknown key; the known ones are "+strings.Join(slices.Sorted(maps.Keys(sections)), ", ")))
			continue
		}
		mistakes, ok := decodeSection(path, raw[name], section)
		problems = append(problems, mistakes...)
		if !ok {
			unreadable = append(unreadable, key)
		}
	}
	return problems, unreadable
}

// sectionsOf returns a pointer to each field of cfg by its name in the stack file.
func sectionsOf(cfg *Config) map[string]any {
	sections := map[string]any{}
	value := reflect.ValueOf(cfg).Elem()
	for i := range value.NumField() {
		sections[value.Type().Field(i).Tag.Get("json")] = value.Field(i).Addr().Interface()
	}
	return sections
}

func decodeSection(path *field.Path, text string, section any) (problems field.ErrorList, readable bool) {
	if profile, ok := section.(*settings.Profile); ok {
		*profile = settings.Profile(text)
		return nil, true
	}
	kind := reflect.TypeOf(section).Elem()
	if !json.Valid([]byte(text)) {
		return field.ErrorList{field.Forbidden(path, fmt.Sprintf("must be %s, not text", called(kind)))}, false
	}
	readable = true
	for _, each := range misreadIn(text, kind) {
		problems = append(problems, field.Forbidden(field.NewPath(path.String()+each.place), each.why))
		readable = readable && !each.mistyped
	}
	if err := json.Unmarshal([]byte(text), section); err != nil && readable {
		return append(problems, field.Forbidden(path, "cannot be read: "+err.Error())), false
	}
	return problems, readable
}
