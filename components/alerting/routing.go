package alerting

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"

	"github.com/iransre/exchange-platform/internal/alerts"
)

// messages are the messages' words, as templates of Alertmanager.
//
//go:embed messages.tmpl
var messages string

// Where Alertmanager finds the files of its Secret.
const mounted = "/etc/alertmanager/config/"

const (
	tokenFile       = "telegram-token"
	switchURLFile   = "switch-url"
	switchTokenFile = "switch-token"
)

// The receivers.
const (
	nobody     = "nobody"
	pages      = "pages"
	tickets    = "tickets"
	everywhere = "everywhere"
	bastion    = "bastion"
)

type object = map[string]any

// Routing is Alertmanager's configuration, as the data of the Secret that it reads: its file, the messages' templates, and the
// token. It is nil if nobody is to be told anything. deadMans is the dead man's switch, nil if there is none.
func (c *Config) Routing(deadMans *Switch) (pulumi.StringMap, error) {
	if !c.Wanted() {
		return nil, nil
	}
	text, err := yaml.Marshal(c.configuration(deadMans != nil))
	if err != nil {
		return nil, fmt.Errorf("Alertmanager's configuration: %w", err)
	}
	data := pulumi.StringMap{"alertmanager.yaml": pulumi.String(text), "messages.tmpl": pulumi.String(messages)}
	if c.Telegram.Chat != 0 {
		data[tokenFile] = pulumi.String(c.Telegram.Token)
	}
	if deadMans != nil {
		data[switchURLFile], data[switchTokenFile] = deadMans.URL, deadMans.Token
	}
	return data, nil
}

func (c *Config) configuration(watched bool) object {
	config := object{
		"global":        object{"resolve_timeout": "5m"},
		"templates":     []string{mounted + "*.tmpl"},
		"route":         c.routes(watched),
		"inhibit_rules": inhibitions(),
		"receivers": []object{
			{"name": nobody},
			c.receiver(pages, true), c.receiver(tickets, false), c.receiver(everywhere, true),
		},
	}
	if watched {
		config["receivers"] = append(config["receivers"].([]object), deadMansSwitch())
	}
	if intervals := c.QuietHours.intervals(); intervals != nil {
		config["time_intervals"] = []object{{"name": "quiet", "time_intervals": []object{{"times": intervals, "location": "Asia/Tehran"}}}}
	}
	return config
}

// routes sends by severity. The chart's own rules call it critical and warning.
func (c *Config) routes(watched bool) object {
	info := object{"receiver": tickets, "matchers": []string{`severity=~"info|none"`}, "repeat_interval": "24h"}
	if c.QuietHours.intervals() != nil {
		info["mute_time_intervals"] = []string{"quiet"}
	}
	routes := []object{
		// the first always fires, the second only holds others back
		{"receiver": nobody, "matchers": []string{fmt.Sprintf(`alertname=~"%s|InfoInhibitor"`, alerts.Watchdog)}},
		// By every way: the one that failed is among them, and the others are not.
		{"receiver": everywhere, "matchers": []string{`alertname="MessagesAreNotDelivered"`}, "group_wait": "10s", "repeat_interval": "1h"},
		{"receiver": pages, "matchers": []string{`severity=~"page|critical"`}, "group_wait": "10s", "group_interval": "2m", "repeat_interval": "2h"},
		info,
	}
	if watched {
		// Each minute: it goes out at the second interval, when the last time is longer ago than the repetition asks for.
		routes = append([]object{{
			"receiver": bastion, "matchers": []string{fmt.Sprintf("alertname=%q", alerts.Watchdog)},
			"group_wait": "0s", "group_interval": "30s", "repeat_interval": "45s",
		}}, routes...)
	}
	return object{
		"receiver":   tickets,
		"group_by":   []string{"alertname", "namespace"},
		"group_wait": "30s", "group_interval": "5m", "repeat_interval": "12h",
		"routes": routes,
	}
}

// deadMansSwitch is fed from files, as its address is known only when the machines are there.
func deadMansSwitch() object {
	return object{"name": bastion, "webhook_configs": []object{{
		"url_file": mounted + switchURLFile, "send_resolved": false, "timeout": "10s",
		"http_config": object{"authorization": object{"credentials_file": mounted + switchTokenFile}},
	}}}
}

// inhibitions hold back what follows from what is said already.
func inhibitions() []object {
	rules := []object{
		{
			"source_matchers": []string{`severity=~"page|critical"`}, "target_matchers": []string{`severity=~"ticket|warning|info"`},
			"equal": []string{"namespace", "alertname"},
		},
		{"source_matchers": []string{`severity="warning"`}, "target_matchers": []string{`severity="info"`}, "equal": []string{"namespace", "alertname"}},
		{"source_matchers": []string{`alertname="InfoInhibitor"`}, "target_matchers": []string{`severity="info"`}, "equal": []string{"namespace"}},
		{
			"source_matchers": []string{`alertname="SitesCertificateEndsNow"`}, "target_matchers": []string{`alertname="SitesCertificateEnds"`},
			"equal": []string{"host"},
		},
	}
	for _, cause := range []struct{ alerts, effects string }{
		{"DatabaseAway|DatabaseServersAway|DatabasePrimaryAway", "Exchange(Away|MissesPods|FailsRequests|IsSlow|Restarts|ErrorsBurn.*|SlownessBurns.*)|Queue.*|ScheduleOverdue|DatabaseConnectionsRunOut|DatabaseSessionsRunOut"},
		{"IngressAway", "IngressPodsAway|Exchange(FailsRequests|IsSlow|ErrorsBurn.*|SlownessBurns.*)"},
		{"ExchangeAway", "Exchange(MissesPods|FailsRequests|IsSlow|ErrorsBurn.*|SlownessBurns.*)"},
		{"ExchangeFailsRequests|ExchangeErrorsBurnFast", "ExchangeErrorsBurnSlowly"},
		{"ExchangeFailsRequests", "ExchangeErrorsBurnFast"},
		{"ExchangeIsSlow|ExchangeSlownessBurnsFast", "ExchangeSlownessBurnsSlowly"},
		{"ExchangeIsSlow", "ExchangeSlownessBurnsFast"},
		{"QueueWorkersAway", "QueueStandsStill|QueueGrows|ScheduleOverdue"},
		{"EtcdWithoutLeader", "EtcdMemberAway|EtcdsDiskIsSlow"},
		{"EtcdBackupTooOld", "EtcdMembersBackupFails"},
		{"LogsAway", "LogsAreRed|LogsAreDropped|LogsHeapIsShort"},
	} {
		rules = append(rules, object{
			"source_matchers": []string{fmt.Sprintf("alertname=~%q", cause.alerts)},
			"target_matchers": []string{fmt.Sprintf("alertname=~%q", cause.effects)},
		})
	}
	return rules
}

// receiver sends to Telegram, and by SMS too if somebody is to be woken.
func (c *Config) receiver(name string, wakes bool) object {
	receiver := object{"name": name}
	if c.Telegram.Chat != 0 {
		telegram := object{
			"chat_id": c.Telegram.Chat, "bot_token_file": mounted + tokenFile, "parse_mode": "HTML", "send_resolved": true,
			"message": fmt.Sprintf(`{{ template "platform.telegram.%s" . }}`, c.Language),
		}
		if c.Telegram.APIURL != "" {
			telegram["api_url"] = strings.TrimSuffix(c.Telegram.APIURL, "/")
		}
		if c.Telegram.Proxy != "" {
			telegram["http_config"] = object{"proxy_url": c.Telegram.Proxy}
		}
		receiver["telegram_configs"] = []object{telegram}
	}
	if c.SMS.Provider != "" && wakes {
		receiver["webhook_configs"] = []object{{
			"url": "http://" + smsHost + "/alert", "send_resolved": true, "timeout": "25s",
			// The adapter has no words of its own: it cuts the first to one SMS, and adds the second if there is room.
			"payload": object{
				"message": fmt.Sprintf(`{{ template "platform.sms.%s" . }}`, c.Language),
				"link":    "{{ .CommonAnnotations.runbook_url }}",
			},
		}}
	}
	return receiver
}

// intervals are the hours within one day each, as Alertmanager wants them.
func (q *QuietHours) intervals() []object {
	span := func(from, to string) object { return object{"start_time": from, "end_time": to} }
	switch {
	case *q == (QuietHours{}):
		return nil
	case q.From < q.To:
		return []object{span(q.From, q.To)}
	case q.To == "00:00":
		return []object{span(q.From, "24:00")}
	default:
		return []object{span(q.From, "24:00"), span("00:00", q.To)}
	}
}
