// Package refusals is the table of edits of a stack file that the program refuses, as data: docs/cluster.md shows it, a test
// of package stacks holds the messages against the program, and an end-to-end test applies each edit to a running cluster.
package refusals

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed refusals.yaml
var table []byte

// Table is all the edits, and the stack they are made to.
type Table struct {
	// Base are the edits that make the stack of the checkout's Pulumi.prod.yaml: versions that leave room for upgrades.
	Base []Change `json:"base"`
	// Refused are the unsafe edits.
	Refused []Refusal `json:"refused"`
}

// Refusal is one unsafe edit.
type Refusal struct {
	// Edit says to a reader what is changed.
	Edit string `json:"edit"`
	// By is what refuses it.
	By By `json:"by"`
	// Given is what has to be so in the running cluster; only an end-to-end test makes it so.
	Given string `json:"given,omitempty"`
	// Changes are made to the stack file, one after the other.
	Changes []Change `json:"changes"`
	// Says is each line of the message.
	Says []string `json:"says"`
}

// By is the stage at which an edit is refused.
type By string

const (
	// Program refuses before the first resource is registered: in previews too.
	Program By = "preview"
	// Runner refuses before Ansible starts, because only the cluster or the runner's disk can tell.
	Runner By = "up"
)

// Change is one change of a stack file; exactly one of its verbs is given.
type Change struct {
	// Set writes Value to a key, section and all: "kubernetes.version".
	Set   string `json:"set,omitempty"`
	Value any    `json:"value,omitempty"`
	// From is a key whose value is written where there is one: a secret is encrypted for its stack, and none else is taken.
	From string `json:"from,omitempty"`
	// Append adds a node at the end, Insert at the front.
	Append map[string]any `json:"append,omitempty"`
	Insert map[string]any `json:"insert,omitempty"`
	// Delete takes a node away, by name; Swap exchanges the places of two.
	Delete string   `json:"delete,omitempty"`
	Swap   []string `json:"swap,omitempty"`
	// Node is a node, by name, that With is laid over.
	Node string         `json:"node,omitempty"`
	With map[string]any `json:"with,omitempty"`
}

// All is the table.
func All() (*Table, error) {
	var all Table
	if err := yaml.UnmarshalStrict(table, &all); err != nil {
		return nil, fmt.Errorf("internal/refusals/refusals.yaml: %w", err)
	}
	return &all, nil
}

const nodesKey = "exchange-platform:nodes"

// Apply makes the changes to the text of a stack file.
func Apply(text []byte, changes ...Change) ([]byte, error) {
	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	config, _ := file["config"].(map[string]any)
	for _, change := range changes {
		if err := change.apply(config); err != nil {
			return nil, err
		}
	}
	return yaml.Marshal(file)
}

func (c Change) apply(config map[string]any) error {
	nodes, _ := config[nodesKey].([]any)
	at := func(name string) (int, error) {
		i := slices.IndexFunc(nodes, func(node any) bool { return node.(map[string]any)["name"] == name })
		if i < 0 {
			return 0, fmt.Errorf("the stack file has no node %s", name)
		}
		return i, nil
	}
	switch {
	case c.Set != "":
		set(config, c.Set, cmp.Or(get(config, c.From), c.Value))
		return nil
	case c.Append != nil:
		nodes = append(nodes, c.Append)
	case c.Insert != nil:
		nodes = slices.Insert(nodes, 0, any(c.Insert))
	case c.Delete != "":
		i, err := at(c.Delete)
		if err != nil {
			return err
		}
		nodes = slices.Delete(nodes, i, i+1)
	case len(c.Swap) == 2:
		i, err := at(c.Swap[0])
		if err != nil {
			return err
		}
		j, err := at(c.Swap[1])
		if err != nil {
			return err
		}
		nodes[i], nodes[j] = nodes[j], nodes[i]
	case c.Node != "":
		i, err := at(c.Node)
		if err != nil {
			return err
		}
		maps.Copy(nodes[i].(map[string]any), c.With)
	default:
		return fmt.Errorf("a change without a verb: %+v", c)
	}
	config[nodesKey] = nodes
	return nil
}

// get is the value below config at "section.key.key"; nil if there is none.
func get(config map[string]any, path string) any {
	var value any = config
	for key := range strings.SplitSeq("exchange-platform:"+path, ".") {
		section, _ := value.(map[string]any)
		value = section[key]
	}
	return value
}

// set writes value below config; path is "section.key.key".
func set(config map[string]any, path string, value any) {
	keys := strings.Split("exchange-platform:"+path, ".")
	for _, key := range keys[:len(keys)-1] {
		inner, there := config[key].(map[string]any)
		if !there {
			inner = map[string]any{}
			config[key] = inner
		}
		config = inner
	}
	config[keys[len(keys)-1]] = value
}

// Markdown renders the table for docs/cluster.md.
func (t *Table) Markdown() string {
	var page strings.Builder
	page.WriteString("| edit | refused in | message |\n|---|---|---|\n")
	for _, refusal := range t.Refused {
		edit := refusal.Edit
		if refusal.Given != "" {
			edit += ", while " + refusal.Given
		}
		lines := make([]string, len(refusal.Says))
		for i, line := range refusal.Says {
			lines[i] = strings.ReplaceAll(line, "|", `\|`)
		}
		fmt.Fprintf(&page, "| %s | %s | %s |\n", edit, refusal.By, strings.Join(lines, "<br>"))
	}
	return page.String()
}
