package emulator

import (
	"math"
	"net/http"
	"regexp"
	"slices"
	"time"
)

func serverConsoleRoutes(r *router) {
	r.handle("POST /servers/{id}/rescue", func(c *call) reply { return onServer(c, rescueServer) })
	r.handle("POST /servers/{id}/unrescue", func(c *call) reply { return onServer(c, unrescueServer) })
	r.handle("POST /servers/{id}/reset-root-password", func(c *call) reply { return onServer(c, resetPassword) })
	r.handle("POST /servers/{id}/instance-ha/{action}", func(c *call) reply { return onServer(c, switchAvailability) })
	r.handle("GET /servers/{id}/vnc", func(c *call) reply { return onServer(c, openConsole) })
}

// rescueServer starts the server from another system, to mend its own.
func rescueServer(c *call, s *server) reply {
	return c.act(s, "rescue", []string{"ACTIVE", "SHUTOFF"}, s.Status, "rescuing", "RESCUE", http.StatusAccepted)
}

func unrescueServer(c *call, s *server) reply {
	return c.act(s, "unrescue", []string{"RESCUE"}, "RESCUE", "unrescuing", "ACTIVE", http.StatusAccepted)
}

// resetPassword answers with a message only, without the new password. The server is in the state PASSWORD meanwhile.
func resetPassword(c *call, s *server) reply {
	return c.act(s, "reset-root-password", []string{"ACTIVE"}, "PASSWORD", "updating_password", "ACTIVE", http.StatusOK)
}

// switchAvailability lets the server be started elsewhere when its host fails, or not.
func switchAvailability(c *call, s *server) reply {
	action := c.param("action")
	if action != "enable" && action != "disable" {
		return failure(http.StatusNotFound, "Not Found")
	}
	s.HA = action == "enable"
	s.note("instance-ha-"+action, c.now)
	c.changed()
	return withMessage(http.StatusOK, "The request is accepted.")
}

// openConsole answers an address that leads nowhere, good for one look.
func openConsole(c *call, s *server) reply {
	if !slices.Contains([]string{"ACTIVE", "RESCUE"}, s.Status) {
		return failure(http.StatusBadRequest, "Cannot open the console while the server is in status "+s.Status+".")
	}
	return withData(http.StatusOK, map[string]any{"url": "https://console." + c.zone.Code + ".invalid/vnc_auto.html?token=" + newID()})
}

func reportRoutes(r *router) {
	r.handle("GET /reports/{id}", readReport)
	r.handle("GET /reports/{id}/{metric}", readReport)
}

// reportMetrics are what a report has charts of, with the names of their lines.
var reportMetrics = map[string][]string{"cpu": {"cpu"}, "ram": {"ram"}, "disk": {"read", "write"}, "network": {"in", "out"}}

var reportPeriod = regexp.MustCompile(`^[1-9][0-9]*[hdwm]$`)

// readReport draws charts that look alive, and are the same for the same server at the same time.
func readReport(c *call) reply {
	s, ok := c.zone.liveServer(c.param("id"))
	if !ok {
		return notFound("Server")
	}
	if period := c.query.Get("period"); period != "" && !reportPeriod.MatchString(period) {
		return invalid(fieldErrors{"period": {"The selected period is invalid."}})
	}
	charts, wanted := map[string]any{"statistics": []string{}}, c.param("metric")
	if _, known := reportMetrics[wanted]; wanted != "" && !known {
		return notFound("Metric")
	}
	for metric, lines := range reportMetrics {
		if wanted == "" || wanted == metric {
			charts[metric] = c.chart(s, metric, lines)
		}
	}
	return withData(http.StatusOK, map[string]any{"charts": charts})
}

// chart has a point for every five minutes of the last hour.
func (c *call) chart(s *server, title string, lines []string) map[string]any {
	const points, step = 12, 5 * time.Minute
	times, series := make([]string, points), make([]map[string]any, len(lines))
	start := c.now.Truncate(step).Add(-points * step)
	for n := range times {
		times[n] = timestamp(start.Add(time.Duration(n) * step))
	}
	for i, line := range lines {
		values := make([]float64, points)
		for n := range values {
			phase := float64(int(s.ID[0])+7*i) + float64(start.Unix()/300+int64(n))
			values[n] = math.Round(100*(20+15*math.Sin(phase))) / 100
		}
		series[i] = map[string]any{"name": line, "data": values}
	}
	return map[string]any{"title": title, "categories": times, "series": series}
}
