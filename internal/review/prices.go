package review

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// EventLog has `pulumi preview` write what it comes to know of resources to a file; the preview itself leaves that out.
func EventLog(path string) (arguments, environ []string) {
	return []string{"--event-log", path}, []string{"PULUMI_DEBUG_COMMANDS=true"} // without which there is no such option
}

// TakePrices adds to a preview what its events tell of prices.
func (p *Preview) TakePrices(events io.Reader) error {
	prices := map[string]any{}
	for decoder := json.NewDecoder(events); ; {
		var event struct {
			ResOutputsEvent struct {
				Metadata struct {
					URN string
					New *struct{ Outputs map[string]any }
				}
			}
		}
		if err := decoder.Decode(&event); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("the events of the preview: %w", err)
		}
		made := event.ResOutputsEvent.Metadata
		if made.New == nil {
			continue
		}
		if value, told := made.New.Outputs[price]; told {
			prices[made.URN] = value
		}
	}
	for _, step := range p.Steps {
		value, told := prices[step.URN]
		if !told || step.New == nil {
			continue
		}
		if step.New.Outputs == nil {
			step.New.Outputs = map[string]any{}
		}
		step.New.Outputs[price] = value
	}
	return nil
}
