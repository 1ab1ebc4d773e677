package emulator

import (
	_ "embed"
	"html/template"
	"net/http"
	"slices"
)

//go:embed data/page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// servePage shows a person what exists, what it costs and what was asked last.
func (e *Emulator) servePage(w http.ResponseWriter, _ *http.Request) {
	items := e.Contents()
	hourly := 0.0
	for _, item := range items {
		hourly += item.Hourly
	}
	requests := e.Requests(60)
	slices.Reverse(requests)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	err := page.Execute(w, map[string]any{
		"Items": items, "Hourly": hourly, "Monthly": hourly * hoursPerMonth, "Requests": requests, "Total": e.RequestCount(), "Faults": e.Faults(),
	})
	if err != nil {
		e.logger.Debug("page not delivered", "error", err)
	}
}
