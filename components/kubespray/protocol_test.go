package kubespray

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"github.com/iransre/exchange-platform/components/kubespray/plan"
)

// TestGoKnowsTheProtocol: every field of the examples is one of Go's, every field of Go's is in the examples, and what is read is
// written again as it was. runner/tests/test_protocol.py asks the same of the other side.
func TestGoKnowsTheProtocol(t *testing.T) {
	for name, into := range map[string]any{
		"wanted.json":    &plan.Shape{},
		"order.json":     &order{},
		"state.json":     &plan.State{},
		"timings.json":   &map[string]plan.Timing{},
		"toolchain.json": &toolchainFile{},
	} {
		t.Run(name, func(t *testing.T) {
			example := protocol(t, name)
			read(t, example, into)
			written, err := json.Marshal(into)
			assert.NilError(t, err)
			assert.DeepEqual(t, value(t, written), value(t, example))
			filled := map[string]bool{}
			fill(filled, "", reflect.ValueOf(into))
			for field, is := range filled {
				assert.Check(t, is, "no example has %s", field)
			}
		})
	}
}

// The settings of the backups are given in two parts: the shape holds everything but the keys, which are secret.
func TestGoKnowsTheProtocolOfBackups(t *testing.T) {
	backups := EtcdBackup{
		Endpoint: "https://s3.example", Region: "us-east-1", Bucket: "backups", Prefix: "etcd/demo",
		Certificate: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", EveryHours: 1, Keep: 168,
	}
	keys := credentials{"the-access-key", "the-secret-key"}
	secrets, err := backups.secrets(keys)
	assert.NilError(t, err)
	assert.DeepEqual(t, value(t, secrets), value(t, protocol(t, "backup.json")))

	var wanted plan.Shape
	read(t, protocol(t, "wanted.json"), &wanted)
	settings := value(t, []byte(wanted.Variables["etcd_backup"])).(map[string]any)
	written, err := backups.settings(keys)
	assert.NilError(t, err)
	digest := value(t, []byte(written)).(map[string]any)
	settings["credentials"], settings["program"] = digest["credentials"], digest["program"]
	assert.DeepEqual(t, digest, settings)
}

// TestTheOrderOfTheExamples is what the program makes of the state that the examples' runner prints.
func TestTheOrderOfTheExamples(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{"state.json", "timings.json"} {
		assert.NilError(t, os.WriteFile(filepath.Join(directory, name), protocol(t, name), 0o600))
	}
	assert.NilError(t, os.WriteFile(filepath.Join(directory, "sudo"), []byte("#!/bin/sh\nshift; exec \"$@\"\n"), 0o700))
	command := exec.Command("sh", "-c", fmt.Sprintf(stateScript, directory))
	command.Env = append(os.Environ(), "PATH="+directory+":"+os.Getenv("PATH"))
	printed, err := command.Output()
	assert.NilError(t, err)
	found, err := readKnown(string(printed))
	assert.NilError(t, err)
	assert.DeepEqual(t, found.Timings["scale.yml --limit"], plan.Timing{Seconds: 184, Tasks: 612})

	var wanted plan.Shape
	read(t, protocol(t, "wanted.json"), &wanted)
	args := demoArgs()
	args.Force = true
	text, err := args.order(string(printed), &wanted)
	assert.NilError(t, err)
	var indented bytes.Buffer
	assert.NilError(t, json.Indent(&indented, []byte(text), "", "  "))
	golden.Assert(t, indented.String()+"\n", "protocol/order.json")
}

// TestTheStandInOfAnsibleSpeaksTheProtocol: what other tests see of a playbook has the fields that a real one's events have.
func TestTheStandInOfAnsibleSpeaksTheProtocol(t *testing.T) {
	known := eventFields(t, string(protocol(t, "events.jsonl")))
	h := newHost(t)
	h.set("fail", "")
	_, ok := h.run("up", "--wanted", h.upload(unchanged))
	assert.Assert(t, !ok)
	h.unset("fail")
	out, ok := h.run("up", "--wanted", h.upload(unchanged))
	assert.Assert(t, ok, out)
	files, err := filepath.Glob(filepath.Join(h.dir, "cluster", "runs", "*", "events.jsonl"))
	assert.NilError(t, err)
	assert.Equal(t, len(files), 2)
	for _, file := range files {
		text, err := os.ReadFile(file)
		assert.NilError(t, err)
		for kind, fields := range eventFields(t, string(text)) {
			assert.Assert(t, known[kind] != nil, "no example of the event %s", kind)
			for field := range fields {
				assert.Check(t, known[kind][field], "no example of the event %s has %s", kind, field)
			}
		}
	}
}

// eventFields are the fields that the events of each kind have.
func eventFields(t *testing.T, lines string) map[string]map[string]bool {
	t.Helper()
	fields := map[string]map[string]bool{}
	for line := range strings.Lines(lines) {
		event := value(t, []byte(line)).(map[string]any)
		kind := event["event"].(string)
		if fields[kind] == nil {
			fields[kind] = map[string]bool{}
		}
		for field := range event {
			fields[kind][field] = true
		}
	}
	return fields
}

func protocol(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "protocol", name))
	assert.NilError(t, err)
	return text
}

func read(t *testing.T, text []byte, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	assert.NilError(t, decoder.Decode(into))
}

func value(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	assert.NilError(t, json.Unmarshal(text, &value))
	return value
}

// fill notes which fields with a name in JSON are filled somewhere in a value.
func fill(filled map[string]bool, path string, value reflect.Value) {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			fill(filled, path, value.Elem())
		}
	case reflect.Slice:
		for i := range value.Len() {
			fill(filled, path, value.Index(i))
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			fill(filled, path, value.MapIndex(key))
		}
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(value.Type()) {
			if name, option, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
				content := value.FieldByIndex(field.Index)
				// A false that is always written is there too.
				written := content.Kind() == reflect.Bool && option == ""
				filled[path+name] = filled[path+name] || written || !content.IsZero()
				fill(filled, path+name+".", content)
			}
		}
	}
}
