package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/iransre/exchange-platform/internal/settings"
	"github.com/iransre/exchange-platform/stacks"
)

const head = `# Configuration

Made from the types of the configuration by ` + "`go generate ./stacks`" + `; do not edit.

A stack file holds only what differs from its profile's defaults. Each section is one key, ` + "`exchange-platform:<section>`" + `.
A mistake is reported before anything is made, all mistakes at once, each with its path.

The column "changing it later" says what another value does to an environment that runs: "in place" changes what runs, with
the restarts that it takes; what is "refused" is refused before anything is touched, with the way out.
`

// Configuration is the page, of the checkout at root.
func Configuration(root string) (string, error) {
	page := &page{comments: comments{root: root}}
	for _, profile := range settings.Profiles() {
		values, err := plain(stacks.Defaults(profile))
		if err != nil {
			return "", err
		}
		page.defaults = append(page.defaults, values)
	}
	page.WriteString(head)
	config := reflect.TypeFor[stacks.Config]()
	for field := range config.Fields() {
		if err := page.section(config, field); err != nil {
			return "", err
		}
	}
	return page.String(), nil
}

// page is docs/configuration.md as it is written.
type page struct {
	strings.Builder
	comments comments
	// defaults are those of each profile.
	defaults []map[string]any
}

// section writes one section: a heading, what it is about, a table of its keys.
func (p *page) section(config reflect.Type, field reflect.StructField) error {
	key := settings.Key(field)
	about, err := p.comments.of(config, field.Name)
	if err == nil && about == "" {
		about, err = p.comments.of(inner(field.Type), "")
	}
	if err != nil {
		return err
	}
	if about == "" {
		return fmt.Errorf("section %s: neither the field nor its type says what it is", key)
	}
	about = spoken(about, field.Name, key)
	about = spoken(about, inner(field.Type).Name(), key)
	fmt.Fprintf(p, "\n## %s\n\n%s\n", key, about)
	if element(field.Type).Kind() != reflect.Struct {
		fmt.Fprintf(p, "\nChanging it later: %s.\n", settings.LaterOf(field.Tag).What)
		return nil
	}
	p.WriteString("\n| key | type |")
	for _, profile := range settings.Profiles() {
		fmt.Fprintf(p, " default in %s |", profile)
	}
	p.WriteString(" what it is | changing it later |\n|" + strings.Repeat("---|", 4+len(p.defaults)) + "\n")
	return p.rows(element(field.Type), "", settings.LaterOf(field.Tag), below(p.defaults, key))
}

// rows writes a row for each key of a struct; whole is what a later change of all of it does, which holds for the keys that
// say nothing else, and defaults are those of each profile.
func (p *page) rows(structure reflect.Type, prefix string, whole settings.Later, defaults []map[string]any) error {
	for field := range structure.Fields() {
		if field.Anonymous {
			if err := p.rows(field.Type, prefix, whole, defaults); err != nil {
				return err
			}
			continue
		}
		if err := p.row(structure, field, prefix, whole, defaults); err != nil {
			return err
		}
	}
	return nil
}

func (p *page) row(structure reflect.Type, field reflect.StructField, prefix string, whole settings.Later, defaults []map[string]any) error {
	key, own := settings.Key(field), whole
	if _, said := field.Tag.Lookup("later"); said {
		own = settings.LaterOf(field.Tag)
	}
	if field.Type.Kind() == reflect.Struct {
		return p.rows(field.Type, prefix+key+".", own, below(defaults, key))
	}
	about, err := p.comments.of(structure, field.Name)
	if err != nil {
		return err
	}
	if about == "" {
		return fmt.Errorf("%s%s: the field %s.%s says nothing of itself", prefix, key, structure, field.Name)
	}
	fmt.Fprintf(p, "| `%s` | %s |", prefix+key, kindOf(field.Type))
	for _, values := range defaults {
		fmt.Fprintf(p, " %s |", shown(values[key]))
	}
	fmt.Fprintf(p, " %s | %s |\n", spokenKeys(about, structure), later(own))
	several := map[reflect.Kind]string{reflect.Slice: "[].", reflect.Map: ".*."}[field.Type.Kind()]
	if several != "" && field.Type.Elem().Kind() == reflect.Struct {
		return p.rows(field.Type.Elem(), prefix+key+several, own, make([]map[string]any, len(defaults)))
	}
	return nil
}

// later is the last column.
func later(l settings.Later) string {
	if !l.Refused() {
		return l.What
	}
	return fmt.Sprintf("refused: %s. Way out: %s", l.Because, l.Instead)
}

// kindOf names a type as a user writes it.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.Slice:
		return "list"
	case reflect.Map:
		return "map"
	case reflect.Int:
		return "number"
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	}
	return "object"
}

// element is what a list or a pointer holds; any other type is itself.
func element(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// inner is the type that has a comment: the list's own, if it has a name.
func inner(t reflect.Type) reflect.Type {
	if t.Name() != "" {
		return t
	}
	return element(t)
}

// spokenKeys says the keys of the stack file where a comment says the names of fields.
func spokenKeys(about string, structure reflect.Type) string {
	for field := range structure.Fields() {
		about = spoken(about, field.Name, settings.Key(field))
	}
	return about
}

// spoken puts the key, as code, where a comment has a field's or a type's name as a word of its own. A name that is a word of
// the language is only taken for one where the comment begins with it.
func spoken(about, name, key string) string {
	words := strings.Split(about, " ")
	for i, word := range words {
		bare := strings.TrimRight(word, ",.;:")
		if bare == name && (i == 0 || strings.ToLower(name[1:]) != name[1:]) {
			words[i] = "`" + key + "`" + word[len(bare):]
		}
	}
	return strings.Join(words, " ")
}

// below is what each profile has under key.
func below(defaults []map[string]any, key string) []map[string]any {
	inner := make([]map[string]any, len(defaults))
	for i, values := range defaults {
		inner[i], _ = values[key].(map[string]any)
	}
	return inner
}

// shown is a default as a reader sees it; one that is empty is none.
func shown(value any) string {
	if value == nil || reflect.ValueOf(value).IsZero() {
		return ""
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return "`" + string(text) + "`"
}

func plain(cfg *stacks.Config) (map[string]any, error) {
	text, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	var values map[string]any
	err = json.Unmarshal(text, &values)
	return values, err
}
