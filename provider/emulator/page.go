package emulator

import (
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed data/page.html
var pageHTML string

//go:embed data/page.css
var pageCSS string

//go:embed data/page.js
var pageJS string

// page is one document without anything to load: its script fetches it again and carries over what changed.
var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"money": money,
	"css":   func() template.CSS { return template.CSS(pageCSS) },
	"js":    func() template.JS { return template.JS(pageJS) },
}).Parse(pageHTML))

// pageView is what the page shows.
type pageView struct {
	Objects, Calls  int
	Hourly, Monthly float64
	Servers         []pageItem
	Groups          []pageGroup
	Faults          []pageFault
	Seconds         []pageSecond
	Busiest         int
	Requests        []pageRequest // what changed something or failed, the last first
	Reads           []pageRead    // of the last minute
}

// pageGroup is everything of one kind but servers.
type pageGroup struct {
	Title string
	Items []pageItem
}

// pageItem is an item with what the page says of it in other words.
type pageItem struct {
	Item
	Class string // for the colour of the state
	Age   string
}

// pageFault is a fault in words.
type pageFault struct{ ID, Kind, Calls, Does, Left string }

// servePage shows a person what exists, what it costs and what was asked last.
func (e *Emulator) servePage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := page.Execute(w, e.pageView()); err != nil {
		e.logger.Debug("page not delivered", "error", err)
	}
}

func (e *Emulator) pageView() pageView {
	now, items := e.now(), e.Contents()
	view := pageView{Objects: len(items), Calls: e.RequestCount()}
	for _, item := range items {
		view.Hourly += item.Hourly
		shown := pageItem{Item: item, Class: stateClass(item.Status), Age: age(item.Created, now)}
		if item.Kind == "server" {
			view.Servers = append(view.Servers, shown)
			continue
		}
		at := slices.IndexFunc(view.Groups, func(g pageGroup) bool { return g.Items[0].Kind == item.Kind })
		if at < 0 {
			at = len(view.Groups)
			view.Groups = append(view.Groups, pageGroup{Title: strings.ReplaceAll(item.Kind, "-", " ") + "s"})
		}
		view.Groups[at].Items = append(view.Groups[at].Items, shown)
	}
	view.Monthly = view.Hourly * hoursPerMonth
	for _, f := range e.Faults() {
		view.Faults = append(view.Faults, f.inWords())
	}
	records := e.Requests(keptRequests)
	view.Seconds, view.Busiest = chart(records, now)
	view.Requests, view.Reads = lastCalls(records, view.Calls, now)
	return view
}

// stateClass sorts the states of all kinds of things into the few that the page has colours for.
func stateClass(status string) string {
	word, doing, _ := strings.Cut(status, " ")
	switch word = strings.ToUpper(word); {
	case strings.Contains(doing, "deleting") || word == "DELETING":
		return "going"
	case strings.Contains(word, "ERROR"):
		return "failed"
	case doing != "" || strings.HasSuffix(word, "ING") || word == "BUILD" || word == "REBUILD":
		return "busy"
	case slices.Contains([]string{"ACTIVE", "AVAILABLE", "IN-USE"}, word):
		return "good"
	}
	return "idle"
}

// age is how long something is there, in the largest unit that fits.
func age(since, now time.Time) string {
	if since.IsZero() {
		return ""
	}
	passed := now.Sub(since)
	for _, unit := range []struct {
		length time.Duration
		letter string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if passed >= unit.length {
			return fmt.Sprintf("%d %s", passed/unit.length, unit.letter)
		}
	}
	return fmt.Sprintf("%d s", max(0, passed/time.Second))
}

// money writes an amount with its thousands apart.
func money(amount float64) string {
	digits := strconv.FormatFloat(amount, 'f', 0, 64)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "\u202f" + digits[at:]
	}
	return digits
}

func (f Fault) inWords() pageFault {
	words := pageFault{ID: f.ID, Kind: string(f.Kind), Calls: strings.TrimSpace(f.Method + " " + f.Path), Left: "until it is switched off"}
	if words.Calls == "" {
		words.Calls = "any call"
	}
	var does []string
	if f.Status != 0 {
		does = append(does, strconv.Itoa(f.Status))
	}
	if f.RetryAfter != "" {
		does = append(does, "Retry-After "+f.RetryAfter)
	}
	if f.Delay != 0 {
		does = append(does, time.Duration(f.Delay).String())
	}
	if f.Reads != 0 {
		does = append(does, fmt.Sprintf("%d reads", f.Reads))
	}
	if f.Chance != 0 {
		does = append(does, fmt.Sprintf("%.0f %% of calls", 100*f.Chance))
	}
	words.Does = strings.Join(does, ", ")
	if f.Times > 0 {
		words.Left = fmt.Sprintf("%d×", f.Times)
	}
	if f.Skip > 0 {
		words.Left += fmt.Sprintf(" after %d", f.Skip)
	}
	return words
}
