package alerts

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/iransre/exchange-platform/sandbox/messages"
)

// rule is an alert as Prometheus has loaded it.
type rule struct {
	name    string
	summary string // in Persian
	// lasts is for how long its expression has to hold, every how often it is looked at.
	lasts, every time.Duration
	severity     string
}

// parseRules reads the answer of Prometheus' /api/v1/rules.
func parseRules(answer string) (map[string]rule, error) {
	var read struct {
		Data struct {
			Groups []struct {
				Interval float64 `json:"interval"` // seconds, as all here
				Rules    []struct {
					Name        string            `json:"name"`
					Type        string            `json:"type"`
					Duration    float64           `json:"duration"`
					Labels      map[string]string `json:"labels"`
					Annotations map[string]string `json:"annotations"`
				} `json:"rules"`
			} `json:"groups"`
		} `json:"data"`
	}
	if err := yaml.Unmarshal([]byte(answer), &read); err != nil {
		return nil, fmt.Errorf("Prometheus' rules: %w", err)
	}
	rules := map[string]rule{}
	for _, group := range read.Data.Groups {
		for _, each := range group.Rules {
			if each.Type == "alerting" {
				rules[each.Name] = rule{
					name: each.Name, summary: each.Annotations["summary_fa"], severity: each.Labels["severity"],
					lasts: seconds(each.Duration), every: seconds(group.Interval),
				}
			}
		}
	}
	return rules, nil
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }

// scrapeInterval reads it from Prometheus' configuration, the answer of /api/v1/status/config.
func scrapeInterval(answer string) (time.Duration, error) {
	var read struct {
		Data struct {
			YAML string `json:"yaml"`
		} `json:"data"`
	}
	var config struct {
		Global struct {
			Interval string `json:"scrape_interval"`
		} `json:"global"`
	}
	if err := errors.Join(yaml.Unmarshal([]byte(answer), &read), yaml.Unmarshal([]byte(read.Data.YAML), &config)); err != nil {
		return 0, fmt.Errorf("Prometheus' configuration: %w", err)
	}
	return duration(config.Global.Interval)
}

// duration is one as Prometheus and Alertmanager write them: days are no unit of Go's.
func duration(text string) (time.Duration, error) {
	if days, is := strings.CutSuffix(text, "d"); is {
		number, err := strconv.Atoi(days)
		return time.Duration(number) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}

// route is what Alertmanager does with an alert.
type route struct {
	// wait is until the first message of a group of alerts, interval until another one of it.
	wait, interval time.Duration
	ways           []messages.Way
}

// node is a route of Alertmanager's configuration; what it does not say is as its parent has it.
type node struct {
	Receiver string   `json:"receiver"`
	Matchers []string `json:"matchers"`
	Continue bool     `json:"continue"`
	Wait     string   `json:"group_wait"`
	Interval string   `json:"group_interval"`
	Routes   []node   `json:"routes"`
}

// routing is Alertmanager's configuration, as far as it says who is told, when and how.
type routing struct {
	Route     node `json:"route"`
	Receivers []struct {
		Name     string `json:"name"`
		Telegram []any  `json:"telegram_configs"`
		Webhooks []struct {
			URL string `json:"url"`
		} `json:"webhook_configs"`
	} `json:"receivers"`
}

// parseRouting reads the answer of Alertmanager's /api/v2/status.
func parseRouting(answer string) (*routing, error) {
	var read struct {
		Config struct {
			Original string `json:"original"`
		} `json:"config"`
	}
	config := &routing{}
	if err := errors.Join(yaml.Unmarshal([]byte(answer), &read), yaml.Unmarshal([]byte(read.Config.Original), config)); err != nil {
		return nil, fmt.Errorf("Alertmanager's configuration: %w", err)
	}
	return config, nil
}

// of is what is done with an alert of these labels.
func (r *routing) of(labels map[string]string) (route, error) {
	found := r.Route
	for descended := true; descended; {
		descended = false
		for _, child := range found.Routes {
			takes, err := child.takes(labels)
			if err != nil {
				return route{}, err
			}
			if !takes {
				continue
			}
			if child.Continue {
				return route{}, fmt.Errorf("the route to %s of Alertmanager continues, which this rehearsal does not follow", child.Receiver)
			}
			found, descended = child.under(found), true
			break
		}
	}
	var way route
	var errs [2]error
	way.wait, errs[0] = duration(found.Wait)
	way.interval, errs[1] = duration(found.Interval)
	for _, receiver := range r.Receivers {
		if receiver.Name != found.Receiver {
			continue
		}
		if len(receiver.Telegram) > 0 {
			way.ways = append(way.ways, messages.Telegram)
		}
		if len(receiver.Webhooks) > 0 {
			way.ways = append(way.ways, messages.SMS)
		}
	}
	return way, errors.Join(errs[:]...)
}

// under is the route with what its parent says and it does not.
func (n node) under(parent node) node {
	for _, each := range []struct{ own, inherited *string }{
		{&n.Receiver, &parent.Receiver}, {&n.Wait, &parent.Wait}, {&n.Interval, &parent.Interval},
	} {
		if *each.own == "" {
			*each.own = *each.inherited
		}
	}
	return n
}

// matcher is how a route says which alerts it takes.
var matcher = regexp.MustCompile(`^\s*(\w+)\s*(=~|!~|!=|=)\s*"?([^"]*)"?\s*$`)

func (n node) takes(labels map[string]string) (bool, error) {
	for _, text := range n.Matchers {
		parts := matcher.FindStringSubmatch(text)
		if parts == nil {
			return false, fmt.Errorf("Alertmanager's matcher %s is none that this rehearsal reads", text)
		}
		value, wanted := labels[parts[1]], parts[3]
		holds := value == wanted
		if strings.HasSuffix(parts[2], "~") {
			pattern, err := regexp.Compile("^(?:" + wanted + ")$")
			if err != nil {
				return false, fmt.Errorf("Alertmanager's matcher %s: %w", text, err)
			}
			holds = pattern.MatchString(value)
		}
		if holds == strings.HasPrefix(parts[2], "!") {
			return false, nil
		}
	}
	return true, nil
}

// delivery is how long a message may take from Alertmanager to who delivers it, and be seen there.
const delivery = 10 * time.Second

// promise is how long after a fault its message is there at the latest. Until then a sample of it is taken, the rule is looked at, has held for as long
// as it asks, which is seen when it is looked at again, and Alertmanager has waited for what belongs together.
func promise(begins, scraped time.Duration, r rule, way route) time.Duration {
	held := time.Duration(0)
	for held < r.lasts {
		held += r.every
	}
	return begins + scraped + r.every + held + way.wait + delivery
}

// patience reads how long the dead man's switch waits for a sign of life, out of its program.
func patience(program string) (time.Duration, error) {
	total := time.Duration(0)
	for _, name := range []string{"PATIENCE", "LOOK"} {
		found := regexp.MustCompile(`(?m)^` + name + ` = ([0-9 *]+)$`).FindStringSubmatch(program)
		if found == nil {
			return 0, fmt.Errorf("the dead man's switch does not say its %s", name)
		}
		product := 1
		for factor := range strings.SplitSeq(found[1], "*") {
			number, err := strconv.Atoi(strings.TrimSpace(factor))
			if err != nil {
				return 0, fmt.Errorf("the dead man's switch: %s: %w", name, err)
			}
			product *= number
		}
		total += time.Duration(product) * time.Second
	}
	return total, nil
}
