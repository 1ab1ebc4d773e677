package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/internal/settings"
)

// Except is a namespace in which a rule of objects does not hold.
type Except struct {
	Namespace string `json:"namespace"`
	Reason    string `json:"reason"`
}

// object is one of Kubernetes', as JSON has it.
type object = map[string]any

// PlatformLabel and PlatformValue are on every namespace that the program makes: there, what is refused is refused.
const (
	PlatformLabel = "app.kubernetes.io/part-of"
	PlatformValue = "exchange-platform"
)

// variables are what the rules' CEL is about.
var variables = []any{
	object{"name": "pod", "expression": "object.kind == 'Pod' ? object.spec : " +
		"object.kind == 'CronJob' ? object.spec.jobTemplate.spec.template.spec : object.spec.template.spec"},
	object{"name": "containers", "expression": "variables.pod.containers + (has(variables.pod.initContainers) ? variables.pod.initContainers : [])"},
}

// Objects are the ValidatingAdmissionPolicies of a profile's rules, with their bindings: what the cluster refuses and what it warns of. An
// exception makes a refusal a warning, until the first update after its last day.
func (c *Config) Objects(profile settings.Profile, today time.Time) ([]any, error) {
	rules, err := Rules()
	if err != nil {
		return nil, err
	}
	levels := map[Level][]any{}
	for _, rule := range rules {
		level := rule.level(profile)
		if rule.CEL == "" || level == "" {
			continue
		}
		if excepted := c.excepted(rule, today); excepted != nil && !excepted.Ended {
			level = Warned
		}
		levels[level] = append(levels[level], rule.validation())
	}
	var made []any
	for _, level := range []Level{Refused, Warned} {
		if len(levels[level]) == 0 {
			continue
		}
		name := "exchange-platform-" + string(level)
		made = append(made, admission(name, levels[level]))
		if level == Refused {
			made = append(made, binding(name, name, "In", "Deny", "Audit"), binding(name+"-elsewhere", name, "NotIn", "Warn", "Audit"))
		} else {
			made = append(made, binding(name, name, "", "Warn", "Audit"))
		}
	}
	return made, nil
}

// validation is a rule as the cluster holds it.
func (r Rule) validation() object {
	condition := strings.ReplaceAll(r.CEL, "MOVING", strings.Join(moving, "|"))
	if len(r.Except) > 0 {
		names := make([]string, len(r.Except))
		for i, except := range r.Except {
			names[i] = "'" + except.Namespace + "'"
		}
		condition = fmt.Sprintf("request.namespace in [%s] || (%s)", strings.Join(names, ", "), condition)
	}
	return object{"expression": condition, "message": "policy " + r.Name + ": " + r.Says}
}

func admission(name string, validations []any) object {
	of := func(group, version string, operations []any, resources ...any) object {
		return object{"apiGroups": []any{group}, "apiVersions": []any{version}, "operations": operations, "resources": resources}
	}
	either := []any{"CREATE", "UPDATE"}
	return object{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": object{"name": name},
		"spec": object{
			"failurePolicy": "Fail",
			"matchConstraints": object{"resourceRules": []any{
				of("", "v1", []any{"CREATE"}, "pods"),
				of("apps", "v1", either, "deployments", "statefulsets", "daemonsets"),
				of("batch", "v1", []any{"CREATE"}, "jobs"),
				of("batch", "v1", either, "cronjobs"),
			}},
			// what is there already may still be scaled, labelled and finished
			"matchConditions": []any{object{
				"name": "pods-change",
				"expression": "request.operation == 'CREATE' || (object.kind == 'CronJob' ? object.spec.jobTemplate != oldObject.spec.jobTemplate : " +
					"object.spec.template != oldObject.spec.template)",
			}},
			"variables": variables, "validations": validations,
		},
	}
}

// binding has a policy do something in the platform's namespaces (In), in all others (NotIn), or everywhere.
func binding(name, policy, where string, actions ...any) object {
	spec := object{"policyName": policy, "validationActions": actions}
	if where != "" {
		spec["matchResources"] = object{"namespaceSelector": object{"matchExpressions": []any{
			object{"key": PlatformLabel, "operator": where, "values": []any{PlatformValue}},
		}}}
	}
	return object{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": object{"name": name}, "spec": spec,
	}
}

// Spent is what breaks the budget when a month costs so many rials; nil if nothing does.
func (c *Config) Spent(rials float64, profile settings.Profile, today time.Time) (*Breach, error) {
	if c.MonthlyBudget == 0 || rials <= float64(c.MonthlyBudget) {
		return nil, nil
	}
	rules, err := Rules()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(rules, func(rule Rule) bool { return rule.Is == within })
	if i < 0 || rules[i].level(profile) == "" {
		return nil, nil
	}
	breach := c.broken(rules[i], pathOf(rules[i].Key), c.MonthlyBudget, profile, today)
	return &breach, nil
}
