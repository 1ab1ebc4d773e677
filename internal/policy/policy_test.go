package policy_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/policy"
	"github.com/iransre/exchange-platform/internal/settings"
)

type object = map[string]any

// config is one that breaks no rule, with changes laid over its sections.
func config(changes object) object {
	made := object{
		"protect":    true,
		"cloud":      object{"adminCidrs": []any{"203.0.113.0/24"}},
		"network":    object{"webCidrs": []any{"185.143.232.0/22"}},
		"edge":       object{"proxied": true, "mode": "cdn", "origin": object{"key": true}},
		"exchange":   object{"image": object{"tag": "1.0.0"}},
		"kubernetes": object{"etcdBackup": object{"enabled": true}},
		"postgres":   object{"engine": "cloudnative-pg", "backup": object{"enabled": true}, "drill": object{"enabled": true}},
	}
	maps.Copy(made, changes)
	return made
}

func breaches(t *testing.T, excepted *policy.Config, changes object, profile settings.Profile) (refused, warned []string) {
	t.Helper()
	today := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	found, err := excepted.Breaches(config(changes), profile, today)
	assert.NilError(t, err)
	for _, breach := range found {
		if mistake := breach.Refused(); mistake != nil {
			refused = append(refused, mistake.Error())
		}
		if said := breach.Warning(); said != "" {
			warned = append(warned, said)
		}
	}
	return refused, warned
}

func TestRules(t *testing.T) {
	open := object{"cloud": object{"adminCidrs": []any{"203.0.113.0/24", "0.0.0.0/0"}}}
	for _, test := range []struct {
		name            string
		changes         object
		profile         settings.Profile
		refused, warned string
	}{
		{"nothing is wrong", nil, settings.Prod, "", ""},
		{"everybody is an administrator", open, settings.Prod, `cloud.adminCidrs[1]: Invalid value: "0.0.0.0/0": opens SSH`, ""},
		{"demo is warned of what prod refuses", open, settings.Demo, "", "policy admin-ranges: cloud.adminCidrs[1] is 0.0.0.0/0: opens SSH"},
		{"a tag that moves", object{"exchange": object{"image": object{"tag": "latest"}}}, settings.Prod, "is another image from one day to the next", ""},
		{"around the CDN", object{"network": object{"webCidrs": []any{"::/0"}}}, settings.Prod, "network.webCidrs[0]", ""},
		{"without a CDN, everybody is let in", object{"network": object{"webCidrs": []any{"::/0"}}, "edge": object{"proxied": false}}, settings.Prod, "", ""},
		{"nor with plain records", object{"network": object{"webCidrs": []any{"::/0"}}, "edge": object{"proxied": true, "mode": "dns"}}, settings.Prod, "", ""},
		{"around the WAF", object{"network": object{"webCidrs": []any{"::/0"}}, "edge": object{"proxied": true, "mode": "waf", "origin": object{"key": true}}}, settings.Prod, "network.webCidrs[0]", ""},
		{"beside the CDN", object{"edge": object{"proxied": true, "mode": "waf", "origin": object{"key": false}}}, settings.Prod, "", "policy origin-key: edge.origin.key is false"},
		{"no backups of etcd", object{"kubernetes": object{"etcdBackup": object{"enabled": false}}}, settings.Prod, "", "etcd is not backed up"},
		{"no backups in demo", object{"kubernetes": object{"etcdBackup": object{"enabled": false}}}, settings.Demo, "", ""},
		{"no backups of the database", object{"postgres": object{"engine": "cloudnative-pg", "backup": object{"enabled": false}}}, settings.Prod, "", "the database is not backed up"},
		{"backups that nobody tries", object{"postgres": object{"engine": "cloudnative-pg", "backup": object{"enabled": true}, "drill": object{"enabled": false}}}, settings.Prod, "", "can be restored"},
		{"an engine that has none", object{"postgres": object{"engine": "bitnami", "backup": object{"enabled": false}}}, settings.Prod, "", ""},
		{"a page for everybody", object{"ingress": object{"pages": object{"grafana": object{"allowedCidrs": []any{"203.0.113.0/24"}}, "kibana": object{"allowedCidrs": []any{"::/0"}}}}},
			settings.Prod, "ingress.pages.kibana.allowedCidrs[0]", ""},
		{"pages for some", object{"ingress": object{"pages": object{"grafana": object{"allowedCidrs": []any{"203.0.113.0/24"}}}}}, settings.Prod, "", ""},
		{"files that are nowhere else", object{"objectStore": object{"engine": "minio", "mode": "distributed", "copy": object{"enabled": false}}}, settings.Prod, "", "policy media-copy: objectStore.copy.enabled is false"},
		{"files that are with somebody else", object{"objectStore": object{"engine": "external", "mode": "distributed", "copy": object{"enabled": false}}}, settings.Prod, "", ""},
		{"users' files that are nowhere else, beside static ones that are outside", object{"objectStore": object{"engine": "external", "external": object{"buckets": []any{"static"}}, "mode": "distributed", "copy": object{"enabled": false}}},
			settings.Prod, "", "policy media-copy-of-minio: objectStore.copy.enabled is false"},
		{"users' files that are with somebody else", object{"objectStore": object{"engine": "external", "external": object{"buckets": []any{"media"}}, "mode": "distributed", "copy": object{"enabled": false}}}, settings.Prod, "", ""},
		{"nothing is protected", object{"protect": false}, settings.Prod, "", "policy protection: protect is false"},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused, warned := breaches(t, &policy.Config{}, test.changes, test.profile)
			for _, each := range []struct {
				said   []string
				wanted string
			}{{refused, test.refused}, {warned, test.warned}} {
				if each.wanted == "" {
					assert.Check(t, is.Len(each.said, 0))
					continue
				}
				assert.Assert(t, is.Len(each.said, 1))
				assert.Check(t, is.Contains(each.said[0], each.wanted))
			}
		})
	}
}

func TestExceptionsHoldUntilTheyEnd(t *testing.T) {
	open := object{"cloud": object{"adminCidrs": []any{"0.0.0.0/0"}}, "protect": false}
	until := func(day string) *policy.Config {
		return &policy.Config{Exceptions: []policy.Exception{
			{Rule: "admin-ranges", Reason: "the office moves", Until: day}, {Rule: "protection", Reason: "it is taken down", Until: day},
		}}
	}
	refused, warned := breaches(t, until("2026-11-27"), open, settings.Prod)
	assert.Check(t, is.Len(refused, 0))
	assert.Assert(t, is.Len(warned, 2))
	assert.Check(t, is.Contains(warned[0], "It is excepted until 2026-11-27: the office moves"))

	refused, warned = breaches(t, until("2026-11-26"), open, settings.Prod)
	assert.Assert(t, is.Len(refused, 1))
	assert.Check(t, is.Contains(refused[0], "(its exception ended on 2026-11-26: the office moves)"))
	assert.Assert(t, is.Len(warned, 1))
	assert.Check(t, is.Contains(warned[0], "(its exception ended on 2026-11-26: it is taken down)"))
}

func TestExceptionsSayWhyAndUntilWhen(t *testing.T) {
	wrong := &policy.Config{Exceptions: []policy.Exception{{Rule: "admin-range", Reason: " ", Until: "soon"}}}
	var said []string
	for _, problem := range wrong.Validate(settings.Prod, field.NewPath("policy")) {
		said = append(said, problem.Error())
	}
	assert.Equal(t, strings.Join(said, "\n"), strings.Join([]string{
		`policy.exceptions[0].rule: Unsupported value: "admin-range": supported values: "admin-ranges", "web-ranges", "origin-key", "page-ranges", "image-tag", "protection", "etcd-backups", "database-backups", "database-dumps", "logs-snapshots", "media-copy", "media-copy-of-minio", "database-drills", "budget", "privileged-pods", "image-versions", "resource-requests"`,
		`policy.exceptions[0].reason: Required value: say why, for whoever reads it later`,
		`policy.exceptions[0].until: Invalid value: "soon": must be the last day on which it holds, such as "2027-03-31"`,
	}, "\n"))
}

func TestTheBudget(t *testing.T) {
	today := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name            string
		config          policy.Config
		profile         settings.Profile
		refused, warned string
	}{
		{"no limit", policy.Config{}, settings.Prod, "", ""},
		{"just so much", policy.Config{MonthlyBudget: 1000}, settings.Prod, "", ""},
		{"more", policy.Config{MonthlyBudget: 999}, settings.Prod, "policy.monthlyBudget: Invalid value: 999: is less than a month of the machines and volumes costs", ""},
		{"more, in demo", policy.Config{MonthlyBudget: 999}, settings.Demo, "", "policy budget: policy.monthlyBudget is 999: "},
		{"more, for a time", policy.Config{MonthlyBudget: 999, Exceptions: []policy.Exception{{Rule: "budget", Reason: "a sale", Until: "2026-12-01"}}},
			settings.Prod, "", "It is excepted until 2026-12-01: a sale"},
	} {
		t.Run(test.name, func(t *testing.T) {
			breach, err := test.config.Spent(1000, test.profile, today)
			assert.NilError(t, err)
			if test.refused+test.warned == "" {
				assert.Assert(t, breach == nil)
				return
			}
			if test.refused == "" {
				assert.Assert(t, breach.Refused() == nil)
				assert.Check(t, is.Contains(breach.Warning(), test.warned))
				return
			}
			assert.ErrorContains(t, breach.Refused(), test.refused)
		})
	}
}

// The cluster's own tests are in the sandbox, which has one. Here is what is refused where.
func TestWhatTheClusterHolds(t *testing.T) {
	today := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	names := func(config policy.Config, profile settings.Profile) (made []string) {
		t.Helper()
		objects, err := config.Objects(profile, today)
		assert.NilError(t, err)
		for _, each := range objects {
			content := each.(object)
			spec := content["spec"].(object)
			line := content["kind"].(string) + " " + content["metadata"].(object)["name"].(string)
			if actions, is := spec["validationActions"]; is {
				line += fmt.Sprint(" ", actions)
			}
			made = append(made, line)
		}
		return made
	}
	assert.DeepEqual(t, names(policy.Config{}, settings.Prod), []string{
		"ValidatingAdmissionPolicy exchange-platform-refused",
		"ValidatingAdmissionPolicyBinding exchange-platform-refused [Deny Audit]",
		"ValidatingAdmissionPolicyBinding exchange-platform-refused-elsewhere [Warn Audit]",
		"ValidatingAdmissionPolicy exchange-platform-warned",
		"ValidatingAdmissionPolicyBinding exchange-platform-warned [Warn Audit]",
	})
	assert.DeepEqual(t, names(policy.Config{}, settings.Demo), []string{
		"ValidatingAdmissionPolicy exchange-platform-warned", "ValidatingAdmissionPolicyBinding exchange-platform-warned [Warn Audit]",
	})
	both := policy.Config{Exceptions: []policy.Exception{
		{Rule: "privileged-pods", Reason: "r", Until: "2026-12-01"}, {Rule: "image-versions", Reason: "r", Until: "2026-12-01"},
	}}
	assert.Equal(t, len(names(both, settings.Prod)), 2, "nothing is refused")
}
