package emulator

// Settings are the options that can be changed while the emulator runs. They and the faults are forgotten when it ends.
type Settings struct {
	Variants Variants `json:"variants"`
	Quota    Quota    `json:"quota"`
}

// Settings returns the settings.
func (e *Emulator) Settings() Settings {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Settings{e.options.Variants, e.options.Quota}
}

// SetSettings changes the settings; zero fields take their defaults.
func (e *Emulator) SetSettings(s Settings) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.options.Variants, e.options.Quota = s.Variants.withDefaults(), s.Quota.withDefaults()
}
