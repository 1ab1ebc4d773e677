package emulator

// serverGroup keeps servers apart or together.
type serverGroup struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Policies []string `json:"policies"`
}

func (g *serverGroup) key() string { return g.ID }
