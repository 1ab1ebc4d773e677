package messages

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

const configFile = "alertmanager.yaml"

// mounted is where Alertmanager finds the files of its Secret in its pod.
const mounted = "/etc/alertmanager/config/"

// prepare writes the files of Alertmanager's Secret to the folder, and gives the ways of each receiver. What differs from the cluster's:
// the addresses outside and the adapter's, no proxy, files where they are here, and an end that is said at once.
func prepare(routing map[string][]byte, folder, outside, adapter string) (map[string][]Way, error) {
	for name, content := range routing {
		if name != filepath.Base(name) {
			return nil, fmt.Errorf("the Secret of Alertmanager's configuration has a key %q, which is no file's name", name)
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return nil, err
		}
	}
	text := strings.ReplaceAll(string(routing[configFile]), mounted, folder+"/")
	var config map[string]any
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		return nil, fmt.Errorf("Alertmanager's configuration: %w", err)
	}
	ways := map[string][]Way{}
	for _, receiver := range list(config["receivers"]) {
		name, _ := receiver["name"].(string)
		for _, telegram := range list(receiver["telegram_configs"]) {
			telegram["api_url"] = outside + TelegramPath
			delete(telegram, "http_config")
			ways[name] = append(ways[name], Telegram)
		}
		for _, webhook := range list(receiver["webhook_configs"]) {
			if at, _ := webhook["url"].(string); strings.Contains(at, ".svc") {
				webhook["url"] = "http://" + adapter + "/alert"
				ways[name] = append(ways[name], SMS)
			}
		}
	}
	route, _ := config["route"].(map[string]any)
	sayEndsAtOnce(route)
	changed, err := yaml.Marshal(config)
	if err != nil {
		return nil, err
	}
	return ways, os.WriteFile(filepath.Join(folder, configFile), changed, 0o600)
}

// sayEndsAtOnce leaves out minutes of waiting for what else may belong to the group.
func sayEndsAtOnce(route map[string]any) {
	if route == nil {
		return
	}
	route["group_interval"] = "1s"
	for _, child := range list(route["routes"]) {
		sayEndsAtOnce(child)
	}
}

func list(value any) []map[string]any {
	var found []map[string]any
	items, _ := value.([]any)
	for _, item := range items {
		if object, is := item.(map[string]any); is {
			found = append(found, object)
		}
	}
	return found
}

// startAdapter runs the stack's adapter, and gives its address.
func startAdapter(programs *programs, folder string, stack Stack, outside string) (string, error) {
	var settings map[string]any
	if err := json.Unmarshal(stack.Settings, &settings); err != nil {
		return "", fmt.Errorf("the adapter's settings: %w", err)
	}
	settings["apiUrl"] = outside + SMSPath
	if request, is := settings["request"].(map[string]any); is {
		at, _ := request["url"].(string)
		request["url"] = outside + SMSPath + behindHost(at)
		delete(request, "accepted") // the stand-in has no words of that provider's
	}
	changed, err := json.Marshal(settings)
	if err != nil {
		return "", err
	}
	for name, content := range map[string][]byte{"sms.py": stack.Adapter, "settings.json": changed, "key": stack.Key} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return "", err
		}
	}
	port, err := programs.start(exec{
		name: "python3", arguments: []string{"-I", filepath.Join(folder, "sms.py")}, says: "listening on port ",
		environment: []string{"ALERT_SMS_HOME=" + folder, "ALERT_SMS_PORT=0", "ALERT_SMS_ADDRESS=127.0.0.1"},
	})
	return "127.0.0.1:" + port, err
}

// behindHost is an address without scheme and host. Its placeholders, {key} and others, are no part of any URL's grammar.
func behindHost(address string) string {
	if _, rest, found := strings.Cut(address, "://"); found {
		_, path, _ := strings.Cut(rest, "/")
		return "/" + path
	}
	return "/" + url.PathEscape(address)
}
