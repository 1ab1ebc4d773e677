package stacks

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"

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
	profile := settings.Profile(raw[project+":profile"])
	if problems := settings.OneOf(profile, field.NewPath("profile"), settings.Profiles()...); len(problems) > 0 {
		return nil, invalid(problems)
	}
	cfg := Defaults(profile)
	problems, readable := decode(project, raw, cfg)
	_, mistakes := readAccount(raw)
	problems = append(problems, mistakes...)
	if readable {
		problems = append(problems, settings.TakeLogins(cfg)...)
		problems = append(problems, cfg.Kubernetes.EtcdBackup.ReadCertificate(field.NewPath("kubernetes", "etcdBackup"))...)
		problems = append(problems, validate(stack, cfg)...)
	}
	if len(problems) > 0 {
		return nil, invalid(problems)
	}
	return cfg, nil
}

// validate checks each section by itself and then all together.
func validate(stack string, cfg *Config) field.ErrorList {
	var problems field.ErrorList
	sections := sectionsOf(cfg)
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		if validator, has := sections[name].(settings.Validator); has {
			problems = append(problems, validator.Validate(cfg.Profile, field.NewPath(name))...)
		}
	}
	return append(problems, validateTogether(stack, cfg)...)
}

// warnings are what the sections say at every update.
func warnings(cfg *Config) []string {
	var said []string
	sections := sectionsOf(cfg)
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		if warner, has := sections[name].(settings.Warner); has {
			said = append(said, warner.Warnings(cfg.Profile)...)
		}
	}
	return said
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

// decode lays the raw values over the profile's defaults in cfg. If a value is not of its key's type, cfg is not readable:
// what is missing in it may be there.
func decode(project string, raw map[string]string, cfg *Config) (problems field.ErrorList, readable bool) {
	readable = true
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
		readable = readable && ok
	}
	return problems, readable
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
	strict, err := kjson.UnmarshalStrict([]byte(text), section)
	if err != nil {
		return field.ErrorList{unreadable(path, err)}, false
	}
	for _, mistake := range strict {
		problems = append(problems, field.Forbidden(pathBelow(path, mistake), "unknown or repeated key; docs/configuration.md lists the known ones"))
	}
	return problems, true
}

// wrongType is the decoder's message for a value of another type than the field's.
var wrongType = regexp.MustCompile(`cannot unmarshal (\w+) into Go (?:struct field \w+\.(\S+)|value) of type (\S+)`)

// unreadable turns a decoding error into one that names the key. The value itself is left out: it may hold a secret.
func unreadable(path *field.Path, err error) *field.Error {
	match := wrongType.FindStringSubmatch(err.Error())
	if match == nil {
		return field.Forbidden(path, "cannot be read: "+err.Error())
	}
	if match[2] != "" {
		path = path.Child(match[2])
	}
	wanted, plain := kinds[match[3]]
	if !plain {
		wanted = "what docs/configuration.md says of it"
	}
	return field.Forbidden(path, fmt.Sprintf("must be %s, not %s", wanted, given[match[1]]))
}

var (
	// kinds are the types of keys as a user calls them.
	kinds = map[string]string{"int": "a number", "bool": "true or false", "string": "text", "[]string": "a list of texts"}
	// given are the decoder's names of what it found.
	given = map[string]string{"string": "text", "number": "a number", "bool": "true or false", "array": "a list", "object": "an object"}
)

// pathBelow is the place of a strict decoding mistake, which knows it relative to its section ("image.tagg", "[1].plna").
func pathBelow(section *field.Path, mistake error) *field.Path {
	located, ok := mistake.(kjson.FieldError)
	if !ok {
		return section
	}
	if strings.HasPrefix(located.FieldPath(), "[") {
		return field.NewPath(section.String() + located.FieldPath())
	}
	return section.Child(located.FieldPath())
}
