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
)

//go:generate go run ./docs

// profile is a kind of environment: what it fills in, and what only it asks of the configuration.
type profile struct {
	defaults func() Config
	check    func(*Config) field.ErrorList
}

// profiles are the kinds of environment by name.
var profiles = map[string]profile{
	"demo": {demo, func(*Config) field.ErrorList { return nil }},
	"prod": {prod, validateProd},
}

// Defaults is what the named profile fills in; the zero Config if there is none of that name.
func Defaults(profile string) Config {
	named, known := profiles[profile]
	if !known {
		return Config{}
	}
	return named.defaults()
}

// Load makes the configuration of an environment from raw, the stack file's values as Pulumi hands them to a program:
// "namespace:key" to a string, which is JSON where the key's type is an object or a list. Keys outside the project's
// namespace belong to providers and are not looked at.
//
// The one thing it reads besides is the file that etcdBackup.certificate may name.
//
// It reports every mistake at once, each with its path, what is wrong and how to mend it; an unknown key is a mistake.
func Load(project string, raw map[string]string) (*Config, error) {
	profile, ok := profiles[raw[project+":profile"]]
	if !ok {
		return nil, invalid(field.ErrorList{field.NotSupported(field.NewPath("profile"), raw[project+":profile"],
			slices.Sorted(maps.Keys(profiles)))})
	}
	cfg := profile.defaults()
	problems, readable := decode(project, raw, &cfg)
	if readable {
		problems = append(problems, readCertificate(&cfg.Kubernetes.EtcdBackup)...)
		problems = append(problems, validate(&cfg)...)
		problems = append(problems, profile.check(&cfg)...)
	}
	if len(problems) > 0 {
		return nil, invalid(problems)
	}
	return &cfg, nil
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
	if plain, ok := section.(*string); ok {
		*plain = text
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
	return field.Forbidden(path, fmt.Sprintf("must be of type %s, not %s", strings.TrimPrefix(match[3], "stacks."), match[1]))
}

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
