package messages

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
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
}

// outside are the stand-ins of Telegram's API and of providers of SMS.
type outside struct {
	*httptest.Server
	arrived chan Arrived
}

const (
	telegramPath = "/telegram"
	smsPath      = "/sms"
)

func newOutside() *outside {
	o := &outside{arrived: make(chan Arrived, 16)}
	routes := http.NewServeMux()
	routes.HandleFunc("POST "+telegramPath+"/{bot}/sendMessage", o.telegram)
	routes.HandleFunc(smsPath+"/", o.sms)
	o.Server = httptest.NewServer(routes)
	return o
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
	o.arrived <- Arrived{Telegram, text(said.ChatID), strings.TrimSpace(said.Text)}
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
	said := Arrived{Way: SMS, Text: string(body)}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Has("message") {
		said.To, said.Text = form.Get("receptor"), form.Get("message")
	} else if len(body) == 0 {
		said.Text = r.URL.RawQuery
	}
	o.arrived <- said
	_, _ = io.WriteString(w, `{"return":{"status":200,"message":"taken by the sandbox"},"entries":[]}`)
}
