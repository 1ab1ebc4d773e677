package kubespray

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"gopkg.in/yaml.v3" // its successor has the same code; this one is what Pulumi's SDK compiles anyway
)

// entry and ordered are a mapping that keeps its order when it is written as YAML: the first host of a group is special to
// Kubespray, and Ansible takes a group's order from the file. As JSON its keys are sorted.
type entry struct {
	key   string
	value any
}

type ordered []entry

// optional appends the entries whose values are not empty.
func (o ordered) optional(entries ...entry) ordered {
	for _, e := range entries {
		value := reflect.ValueOf(e.value)
		empty := value.IsZero()
		if kind := value.Kind(); kind == reflect.Slice || kind == reflect.Map {
			empty = value.Len() == 0
		}
		if !empty {
			o = append(o, e)
		}
	}
	return o
}

// MarshalYAML implements yaml.Marshaler.
func (o ordered) MarshalYAML() (any, error) {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, e := range o {
		var key, value yaml.Node
		if err := key.Encode(e.key); err != nil {
			return nil, err
		}
		if err := value.Encode(e.value); err != nil {
			return nil, err
		}
		node.Content = append(node.Content, &key, &value)
	}
	return node, nil
}

// MarshalJSON implements json.Marshaler.
func (o ordered) MarshalJSON() ([]byte, error) {
	values := map[string]any{}
	for _, e := range o {
		values[e.key] = e.value
	}
	return json.Marshal(values)
}

// document writes a mapping as a YAML document with two spaces of indentation.
func document(o ordered) ([]byte, error) {
	var text bytes.Buffer
	text.WriteString("---\n")
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(o); err != nil {
		return nil, fmt.Errorf("render YAML: %w", err)
	}
	return text.Bytes(), encoder.Close()
}
