package emulator

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// adminRoutes serve the page and the administration. They ask for no key: whoever reaches the emulator may watch it.
func (e *Emulator) adminRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", e.servePage)
	mux.HandleFunc("GET /_emulator/state", e.serveState)
	mux.HandleFunc("GET /_emulator/requests", e.serveRequests)
	mux.HandleFunc("GET /_emulator/settings", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, e.Settings()) })
	mux.HandleFunc("PATCH /_emulator/settings", e.patchSettings)
	mux.HandleFunc("GET /_emulator/faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, e.Faults()) })
	mux.HandleFunc("POST /_emulator/faults", e.addFaults)
	mux.HandleFunc("POST /_emulator/faults/random", e.addRandomFaults)
	mux.HandleFunc("DELETE /_emulator/faults", func(w http.ResponseWriter, _ *http.Request) {
		e.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /_emulator/faults/{id}", func(w http.ResponseWriter, r *http.Request) {
		if !e.RemoveFault(r.PathValue("id")) {
			writeJSON(w, http.StatusNotFound, map[string]string{"message": "no fault has the id " + r.PathValue("id")})
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_emulator/domains/{name}/delegate", func(w http.ResponseWriter, r *http.Request) {
		if !e.Delegate(r.PathValue("name")) {
			writeJSON(w, http.StatusNotFound, map[string]string{"message": "there is no domain " + r.PathValue("name")})
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_emulator/volumes/{name}/grow", func(w http.ResponseWriter, r *http.Request) {
		size, err := strconv.Atoi(r.URL.Query().Get("size"))
		if err != nil || !e.GrowVolume(r.PathValue("name"), size) {
			writeJSON(w, http.StatusNotFound, map[string]string{"message": "there is no volume " + r.PathValue("name") + " that could have this size"})
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /_emulator/operations", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, Operations()) })
	return mux
}

// addFaults takes one fault or a list of them and answers their ids.
func (e *Emulator) addFaults(w http.ResponseWriter, r *http.Request) {
	var raw json.RawMessage
	var faults []Fault
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&raw)
	if err == nil && len(raw) > 0 && raw[0] == '[' {
		err = json.Unmarshal(raw, &faults)
	} else if err == nil {
		faults = make([]Fault, 1)
		err = json.Unmarshal(raw, &faults[0])
	}
	for i := range faults {
		if err == nil {
			err = faults[i].validate()
		}
	}
	if err != nil {
		writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"message": err.Error()})
		return
	}
	e.answerAdded(w, faults)
}

// addRandomFaults adds a plan of faults that depends on the seed only.
func (e *Emulator) addRandomFaults(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Seed  uint64 `json:"seed"`
		Count int    `json:"count"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body); err != nil {
		writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"message": err.Error()})
		return
	}
	e.answerAdded(w, RandomFaults(body.Seed, max(1, body.Count)))
}

func (e *Emulator) answerAdded(w http.ResponseWriter, faults []Fault) {
	ids := []string{}
	for _, f := range faults {
		id, err := e.AddFault(f)
		if err != nil {
			writeJSON(w, http.StatusUnprocessableEntity, map[string]any{"message": err.Error(), "ids": ids})
			return
		}
		ids = append(ids, id)
	}
	writeJSON(w, http.StatusCreated, map[string]any{"ids": ids, "faults": faults})
}

// patchSettings changes the settings that are sent and answers all of them.
func (e *Emulator) patchSettings(w http.ResponseWriter, r *http.Request) {
	settings := e.Settings()
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&settings); err != nil {
		writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"message": err.Error()})
		return
	}
	e.SetSettings(settings)
	writeJSON(w, http.StatusOK, e.Settings())
}

// serveState shows what exists: in short as one list (items) and as a list per kind that there is any of (servers, networks,
// securityGroups, …), in full as the world, without user data.
func (e *Emulator) serveState(w http.ResponseWriter, _ *http.Request) {
	items := e.Contents()
	e.mu.Lock()
	full, err := json.Marshal(e.world)
	e.mu.Unlock()
	var shown world
	if err == nil {
		err = json.Unmarshal(full, &shown)
	}
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"message": err.Error()})
		return
	}
	for _, z := range shown.Zones {
		for _, s := range z.Servers {
			s.UserData = ""
		}
	}
	hourly, kinds := 0.0, map[string][]Item{}
	for _, item := range items {
		hourly += item.Hourly
		kinds[item.plural()] = append(kinds[item.plural()], item)
	}
	state := map[string]any{
		"items": items, "world": shown, "faults": e.Faults(), "requests": e.RequestCount(),
		"cost": map[string]any{"currency": "IRR", "perHour": hourly, "perMonth": hourly * hoursPerMonth},
	}
	for kind, members := range kinds {
		state[kind] = members
	}
	writeJSON(w, http.StatusOK, state)
}

func (e *Emulator) serveRequests(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Query().Get("last"))
	if err != nil || n < 1 {
		n = 100
	}
	writeJSON(w, http.StatusOK, e.Requests(n))
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	// The client is gone when this fails; nobody is left to tell.
	_ = encoder.Encode(value)
}
