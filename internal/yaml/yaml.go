// Package yaml reads and writes YAML by the JSON names of Go types, as sigs.k8s.io/yaml does, on the one YAML library that Pulumi's SDK
// compiles anyway: that one and its two parsers took a tenth of the time in which the program compiles.
package yaml

import (
	"bytes"
	"encoding/json"

	"gopkg.in/yaml.v3"
)

// Unmarshal reads text into value and leaves keys alone that value does not have.
func Unmarshal(text []byte, value any) error {
	return unmarshal(text, value, func(*json.Decoder) {})
}

// UnmarshalStrict reads text into value; a key that value does not have is an error.
func UnmarshalStrict(text []byte, value any) error {
	return unmarshal(text, value, (*json.Decoder).DisallowUnknownFields)
}

func unmarshal(text []byte, value any, how func(*json.Decoder)) error {
	var read any
	if err := yaml.Unmarshal(text, &read); err != nil {
		return err
	}
	encoded, err := json.Marshal(read)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	how(decoder)
	return decoder.Decode(value)
}

// Marshal writes value, maps in the order of their keys.
func Marshal(value any) ([]byte, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var read any
	if err := decoder.Decode(&read); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(numbers(read)); err != nil {
		return nil, err
	}
	return text.Bytes(), encoder.Close()
}

// numbers are written as they are, not as the texts that JSON's decoder keeps them in.
func numbers(read any) any {
	switch read := read.(type) {
	case map[string]any:
		for key, each := range read {
			read[key] = numbers(each)
		}
	case []any:
		for i, each := range read {
			read[i] = numbers(each)
		}
	case json.Number:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: read.String()}
	}
	return read
}
