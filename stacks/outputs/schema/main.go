// Command schema writes the JSON schema of the outputs contract beside the package it describes.
package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/invopop/jsonschema"

	"github.com/iransre/exchange-platform/internal/command"
	"github.com/iransre/exchange-platform/stacks/outputs"
)

func main() { command.Do(write) }

func write(context.Context) error {
	text, err := Schema()
	if err != nil {
		return err
	}
	return os.WriteFile("outputs.schema.json", text, 0o644)
}

// Schema is the contract as JSON schema. Fields it does not know are allowed: new outputs do not break the contract.
func Schema() ([]byte, error) {
	reflector := jsonschema.Reflector{AllowAdditionalProperties: true, ExpandedStruct: true}
	schema := reflector.Reflect(outputs.Platform{})
	schema.ID = "https://github.com/iransre/exchange-platform/stacks/outputs/outputs.schema.json"
	schema.Title = "Outputs of an exchange platform, contract version 1"
	text, err := json.MarshalIndent(schema, "", "  ")
	return append(text, '\n'), err
}
