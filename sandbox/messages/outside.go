package messages

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Way is how a message gets to people.
type Way string

// The ways.
const (
	Telegram Way = "Telegram"
	SMS      Way = "SMS"
)

// Arrived is a message as it came to a stand-in.
type Arrived struct {
	Way  Way
	To   string
	Text string
	At   time.Time
}

// Below these paths the stand-ins answer.
const (
	TelegramPath = "/telegram"
	SMSPath      = "/sms"
)

// outside are the stand-ins of Telegram's API and of providers of SMS.
type outside struct{ take func(Arrived) }

// Outside answers as Telegram's API and Kavenegar do, and hands over what arrives.
func Outside(take func(Arrived)) http.Handler {
	o := &outside{take: take}
	routes := http.NewServeMux()
	routes.HandleFunc("POST "+TelegramPath+"/{bot}/sendMessage", o.telegram)
	routes.HandleFunc(SMSPath+"/", o.sms)
	return routes
}

// telegram answers as the API's sendMessage does.
func (o *outside) telegram(w http.ResponseWriter, r *http.Request) {
	var said struct {
		ChatID any    `json:"chat_id"`
		Text   string `json:"text"`
	}
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil || said.Text == "" || r.PathValue("bot") == "bot" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"ok":false,"error_code":400,"description":"Bad Request: no message, or no token"}`)
		return
	}
	o.take(Arrived{Telegram, text(said.ChatID), strings.TrimSpace(said.Text), time.Now()})
	_, _ = io.WriteString(w, `{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":1,"type":"supergroup"}}}`)
}

func text(value any) string {
	if number, is := value.(float64); is {
		encoded, _ := json.Marshal(number)
		return string(encoded)
	}
	said, _ := value.(string)
	return said
}

// sms answers as Kavenegar does, and takes whatever another provider would be sent.
func (o *outside) sms(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	said := Arrived{Way: SMS, Text: string(body), At: time.Now()}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Has("message") {
		said.To, said.Text = form.Get("receptor"), form.Get("message")
	} else if len(body) == 0 {
		said.Text = r.URL.RawQuery
	}
	o.take(said)
	_, _ = io.WriteString(w, `{"return":{"status":200,"message":"taken by the sandbox"},"entries":[]}`)
}
