package cdn

import (
	"encoding/json"
	"testing"
)

// FuzzDNSValue feeds the decoder of the values of records, which have a shape for each type.
func FuzzDNSValue(f *testing.F) {
	for kind := range recordTypes() {
		for _, seed := range []string{`[{"ip":"192.0.2.1","port":"80","weight":null}]`, `{"host":"a","priority":"x","port":1}`, `{"tag":true,"value":1}`,
			`{"location":"l","host_header":"source"}`, `null`, `[]`, `{}`, `"text"`, `[null]`, `{"text":{}}`} {
			f.Add(uint8(kind), seed)
		}
	}
	f.Fuzz(func(_ *testing.T, kind uint8, content string) {
		types := recordTypes()
		args := DNSRecordArgs{Type: types[int(kind)%len(types)]}
		if args.setValue(json.RawMessage(content)) == nil && (args.Value != nil || isAddressType(args.Type)) {
			_, _ = args.wireValue()
		}
	})
}
