package emulator

// Settings are the options that can be changed while the emulator runs. They and the faults are forgotten when it ends.
type Settings struct {
	Variants Variants `json:"variants"`
	Quota    Quota    `json:"quota"`
	// Ranges are what the list of the CDN's addresses says; empty for those that it said when this was written.
	Ranges []string `json:"ranges"`
}

// Settings returns the settings.
func (e *Emulator) Settings() Settings {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Settings{e.options.Variants, e.options.Quota, e.options.Ranges}
}

// SetSettings changes the settings; zero fields take their defaults.
func (e *Emulator) SetSettings(s Settings) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.options.Variants, e.options.Quota = s.Variants.withDefaults(), s.Quota.withDefaults()
	e.options.Ranges = s.Ranges
}
