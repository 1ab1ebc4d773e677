package emulator

import "slices"

// tag is a label on things of several kinds.
type tag struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Members []string `json:"members"`
}

func (t *tag) key() string { return t.ID }

func (t *tag) detach(id string) {
	t.Members = slices.DeleteFunc(t.Members, func(member string) bool { return member == id })
}

func (t *tag) view() map[string]any { return map[string]any{"id": t.ID, "name": t.Name} }
