package resource

import (
	"fmt"
	"slices"
	"strings"
)

// knownZones are the availability zones of November 2026. More can be allowed by configuration.
var knownZones = []string{"ir-thr-ba1", "ir-thr-fr1", "ir-thr-si1", "ir-tbz-sh1", "eu-west1-a", "ir-southwest1-a"}

// renamedZones are codes that ArvanCloud used before, or uses elsewhere, for zones that v1 of the API knows by another one.
var renamedZones = map[string]string{
	"ir-thr-w1":       "ir-thr-ba1",
	"ir-central1-a":   "ir-thr-ba1",
	"ir-thr-c2":       "ir-thr-fr1",
	"ir-thr-c1":       "ir-thr-si1",
	"ir-tbz-dc1":      "ir-tbz-sh1",
	"ir-northwest1-a": "ir-tbz-sh1",
}

// checkZone says what is wrong with a zone; nothing when it is one.
func checkZone(zone string, additional []string) (problem string) {
	switch {
	case zone == "":
		return "no availability zone is given: set it here or as arvancloud:zone"
	case slices.Contains(knownZones, zone) || slices.Contains(additional, zone):
		return ""
	}
	if now, renamed := renamedZones[zone]; renamed {
		return fmt.Sprintf("there is no availability zone %q; it is called %q now", zone, now)
	}
	return fmt.Sprintf("there is no availability zone %q; there are %s (a new one can be allowed with arvancloud:additionalZones)",
		zone, strings.Join(append(slices.Clone(knownZones), additional...), ", "))
}
