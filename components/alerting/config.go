package alerting

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/alerts"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is who hears of alerts, and how: pages by SMS and Telegram, tickets by Telegram, and information there by day only.
type Config struct {
	// Telegram is the chat that messages go to.
	Telegram Telegram `json:"telegram"`
	// SMS is whom pages wake.
	SMS SMS `json:"sms"`
	// Language is that of the messages: "en" or "fa".
	Language Language `json:"language"`
	// QuietHours are when nobody is told what is for information only. Empty fields mean that there are none.
	QuietHours QuietHours `json:"quietHours"`
	// Runbooks is where the alerts' runbooks are read, with {alert} in place of an alert's name. A Persian SMS has 70 characters, a
	// link in it needs a short address; one that does not fit is left out. Empty means this repository's page.
	Runbooks string `json:"runbooks,omitempty"`
}

// Telegram is a chat, and the way to it.
type Telegram struct {
	// Chat is its number; a group's begins with a minus. 0 sends nothing to Telegram.
	Chat int `json:"chat,omitempty"`
	// Token is the bot's, from @BotFather. Set it with `pulumi config set --secret --path exchange-platform:alerting.telegram.token`.
	Token string `json:"token,omitempty" secret:"true"`
	// APIURL is where Telegram's API is reached, if not at https://api.telegram.org, which Iran blocks: a relay outside the country.
	APIURL string `json:"apiUrl,omitempty" login:"a relay that asks who comes cannot be used"`
	// Proxy is a way to it, "http://…" or "socks5://…".
	Proxy string `json:"proxy,omitempty" login:"a proxy that asks who comes cannot be used"`
}

// SMS is a provider of short messages, and who gets them.
type SMS struct {
	// Provider is "kavenegar", or "template" for any other that takes HTTP requests. Empty sends none.
	Provider Provider `json:"provider,omitempty"`
	// Receivers are the numbers of who is on call.
	Receivers []string `json:"receivers,omitempty"`
	// Sender is the line that messages come from; empty is the account's own.
	Sender string `json:"sender,omitempty"`
	// Key is the account's. Set it with `pulumi config set --secret --path exchange-platform:alerting.sms.key`.
	Key string `json:"key,omitempty" secret:"true"`
	// APIURL is Kavenegar's, if not https://api.kavenegar.com.
	APIURL string `json:"apiUrl,omitempty" login:"the key goes to alerting.sms.key"`
	// Request is what the provider "template" is sent.
	Request Request `json:"request"`
}

// Request is a request of HTTP, in whose texts {message}, {receivers}, {receiver}, {sender} and {key} stand for what is sent. With
// {receiver}, each gets a request of its own. In a URL and a form they are escaped as these ask for, in JSON as texts in quotes.
type Request struct {
	// Method is "POST" or "GET".
	Method string `json:"method,omitempty"`
	// URL is where it goes.
	URL string `json:"url,omitempty" login:"the key goes to alerting.sms.key, and {key} into the URL or a header"`
	// Headers are further ones, such as "Authorization: Bearer {key}".
	Headers map[string]string `json:"headers,omitempty"`
	// Body is what is sent with it, in the form that the header Content-Type names.
	Body string `json:"body,omitempty"`
	// Accepted is a regular expression that the answer to an accepted message matches. Empty takes any answer of the codes 2xx.
	Accepted string `json:"accepted,omitempty"`
}

// QuietHours are a part of the day, in Tehran's time.
type QuietHours struct {
	// From is when they begin, "22:00".
	From string `json:"from,omitempty"`
	// To is when they end, "07:00".
	To string `json:"to,omitempty"`
}

// Language is that of the messages.
type Language string

// The languages.
const (
	English Language = "en"
	Persian Language = "fa"
)

// Provider is who sends short messages.
type Provider string

// The providers.
const (
	Kavenegar Provider = "kavenegar"
	Template  Provider = "template"
)

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(settings.Profile) {
	*c = Config{Language: English, QuietHours: QuietHours{From: "22:00", To: "07:00"}}
}

// Wanted tells whether anybody is told anything.
func (c *Config) Wanted() bool { return c.Telegram.Chat != 0 || c.SMS.Provider != "" }

var (
	address  = regexp.MustCompile(`^https?://[^\s]+$`)
	proxy    = regexp.MustCompile(`^(https?|socks5)://[^\s/]+$`)
	receiver = regexp.MustCompile(`^(\+98|0098|0)?9[0-9]{9}$`)
	time     = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
)

// Validate reports what is wrong with the section.
func (c *Config) Validate(_ settings.Profile, path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.OneOf(c.Language, path.Child("language"), English, Persian),
		c.Telegram.validate(path.Child("telegram")),
		c.SMS.validate(path.Child("sms")),
		c.QuietHours.validate(path.Child("quietHours")))
	if c.Runbooks != "" && (!address.MatchString(c.Runbooks) || !strings.Contains(c.Runbooks, alerts.AlertsName)) {
		problems = append(problems, field.Invalid(path.Child("runbooks"), c.Runbooks, fmt.Sprintf(
			`must be an address with %s in it, such as "https://rb.example.ir/%s"`, alerts.AlertsName, alerts.AlertsName)))
	}
	return problems
}

func (t *Telegram) validate(path *field.Path) field.ErrorList {
	var problems field.ErrorList
	if t.Chat != 0 && t.Token == "" {
		problems = append(problems, field.Required(path.Child("token"),
			"the bot that writes to the chat needs its token: pulumi config set --secret --path exchange-platform:alerting.telegram.token"))
	}
	if t.Chat == 0 && *t != (Telegram{}) {
		problems = append(problems, field.Required(path.Child("chat"), "name the chat that messages go to"))
	}
	if t.APIURL != "" {
		problems = append(problems, settings.Matches(t.APIURL, path.Child("apiUrl"), address, `must be an address such as "https://telegram.example.com"`)...)
	}
	if t.Proxy != "" {
		problems = append(problems, settings.Matches(t.Proxy, path.Child("proxy"), proxy, `must be an address such as "socks5://192.0.2.5:1080"`)...)
	}
	return problems
}

func (s *SMS) validate(path *field.Path) field.ErrorList {
	if s.Provider == "" {
		if len(s.Receivers) > 0 || s.Key != "" || s.Request.URL != "" {
			return field.ErrorList{field.Required(path.Child("provider"), `name who sends the messages: "kavenegar", or "template" with a request`)}
		}
		return nil
	}
	problems := settings.OneOf(s.Provider, path.Child("provider"), Kavenegar, Template)
	if len(s.Receivers) == 0 {
		problems = append(problems, field.Required(path.Child("receivers"), "name the numbers of who is on call"))
	}
	for i, number := range s.Receivers {
		problems = append(problems, settings.Matches(number, path.Child("receivers").Index(i), receiver,
			`must be a mobile number of Iran, such as "09121234567"; quote it, or YAML takes it for a number`)...)
	}
	if s.Key == "" && (s.Provider == Kavenegar || s.Request.needsKey()) {
		problems = append(problems, field.Required(path.Child("key"),
			"the provider asks for the account's key: pulumi config set --secret --path exchange-platform:alerting.sms.key"))
	}
	if s.APIURL != "" {
		problems = append(problems, settings.Matches(s.APIURL, path.Child("apiUrl"), address, `must be an address such as "https://api.kavenegar.com"`)...)
	}
	if s.Provider == Template {
		problems = append(problems, s.Request.validate(path.Child("request"))...)
	}
	return problems
}

func (r *Request) needsKey() bool {
	for _, text := range r.Headers {
		if strings.Contains(text, "{key}") {
			return true
		}
	}
	return strings.Contains(r.URL+r.Body, "{key}")
}

func (r *Request) validate(path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.OneOf(r.Method, path.Child("method"), "POST", "GET"),
		settings.Matches(r.URL, path.Child("url"), address, `must be an address such as "https://sms.example.ir/send"`))
	if !strings.Contains(r.URL+r.Body, "{message}") {
		problems = append(problems, field.Invalid(path.Child("body"), r.Body, "neither the body nor the URL has {message} in it: nothing would be said"))
	}
	if !strings.Contains(r.URL+r.Body, "{receiver") {
		problems = append(problems, field.Invalid(path.Child("body"), r.Body, "neither the body nor the URL has {receivers} or {receiver} in it: nobody would be told"))
	}
	if _, err := regexp.Compile(r.Accepted); err != nil {
		problems = append(problems, field.Invalid(path.Child("accepted"), r.Accepted, "is no regular expression: "+err.Error()))
	}
	return problems
}

func (q *QuietHours) validate(path *field.Path) field.ErrorList {
	if *q == (QuietHours{}) {
		return nil
	}
	const form = `must be a time of the day such as "22:00"`
	problems := slices.Concat(
		settings.Matches(q.From, path.Child("from"), time, form),
		settings.Matches(q.To, path.Child("to"), time, form))
	if q.From == q.To {
		problems = append(problems, field.Invalid(path.Child("to"), q.To, "is when they begin; leave both empty for no quiet hours"))
	}
	return problems
}

// Warnings says in prod who is not told.
func (c *Config) Warnings(profile settings.Profile) []string {
	switch {
	case profile != settings.Prod:
		return nil
	case !c.Wanted():
		return []string{"alerting: nobody is told of an alert. Set alerting.telegram and alerting.sms"}
	case c.SMS.Provider == "":
		return []string{"alerting.sms: pages go to Telegram only, which wakes nobody whose phone is out of its reach"}
	case c.Telegram.Chat == 0:
		return []string{"alerting.telegram: tickets go nowhere, and if an SMS is not delivered nobody hears of it"}
	}
	return nil
}
