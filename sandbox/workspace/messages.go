package workspace

// messageSecrets are what the way of the messages asks of pulumi, by what of the stack file asks for it.
var messageSecrets = []struct{ way, asks, key, secret string }{
	{"telegram", "chat", "token", "telegram-token"},
	{"sms", "provider", "key", "sms-key"},
}

const alertingSection = "exchange-platform:alerting"

// tellSomebody has a stack of the profile prod that tells nobody of alerts tell people who do not exist: all of prod is there then, the
// dead man's switch too, and `sandbox alert` shows what people are told. No message leaves this machine, nor could one: keys and tokens
// are the sandbox's own.
func tellSomebody(file map[string]any) {
	config, _ := file["config"].(map[string]any)
	if config["exchange-platform:profile"] != "prod" || config[alertingSection] != nil {
		return
	}
	config[alertingSection] = map[string]any{
		"language": "fa",
		"telegram": map[string]any{"chat": -1001234567890},
		"sms":      map[string]any{"provider": "kavenegar", "receivers": []any{"09120000000"}},
	}
}

// takeMessages has whoever a stack tells be told here.
func takeMessages(file map[string]any, here Messages) {
	if here == (Messages{}) {
		return
	}
	if telegram := section(file, alertingSection, "telegram"); telegram["chat"] != nil {
		telegram["apiUrl"] = here.Telegram
		delete(telegram, "proxy") // there is none here, nor is one needed
	}
	if sms := section(file, alertingSection, "sms"); sms["provider"] == "kavenegar" {
		sms["apiUrl"] = here.SMS
	}
}

// missingOfMessages adds to the missing keys those of the way of the messages.
func missingOfMessages(file map[string]any, missing map[string]string) {
	for _, each := range messageSecrets {
		own := section(file, alertingSection, each.way)
		if own[each.asks] != nil && own[each.key] == nil {
			missing[alertingSection+"."+each.way+"."+each.key] = each.secret
		}
	}
}
