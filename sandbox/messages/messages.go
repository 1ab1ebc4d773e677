// Package messages fires an alert and says what arrives at stand-ins of Telegram's API and of the providers of SMS. Between them are
// the real Alertmanager and the stack's own adapter, with what the stack has given to them in its cluster.
package messages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Stack is what a stack has in its cluster of the way of its messages.
type Stack struct {
	// Routing is the data of the Secret that Alertmanager reads.
	Routing map[string][]byte
	// Adapter is the adapter's program, Settings and Key the data of its Secret. All are nil where none are sent by SMS.
	Adapter, Settings, Key []byte
}

// Alert is what is fired.
type Alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
}

// TestAlert is one that means nothing.
func TestAlert(severity string) Alert {
	now := time.Now()
	return Alert{
		Labels: map[string]string{"alertname": "TestAlert", "severity": severity, "owner": "platform"},
		Annotations: map[string]string{
			"summary": "This is a test of the way that alerts take; nothing is wrong.", "summary_fa": "آزمایش هشدار؛ مشکلی نیست",
		},
		StartsAt: now, EndsAt: now.Add(time.Hour),
	}
}

// Rehearsal is a way of messages, from Alertmanager to the stand-ins.
type Rehearsal struct {
	// Alertmanager is the program.
	Alertmanager string
	// Patience is how long a message may take.
	Patience time.Duration
	// Log is where Alertmanager and the adapter write.
	Log io.Writer
}

// Fire fires the alert, has it end, and says what arrived of both. An alert that is held back, or goes to nobody, is an error.
func (r *Rehearsal) Fire(ctx context.Context, stack Stack, alert Alert, say func(Arrived)) error {
	folder, err := os.MkdirTemp("", "alert")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	arrived := make(chan Arrived, 16)
	outside := httptest.NewServer(Outside(func(message Arrived) { arrived <- message }))
	defer outside.Close()
	ctx, stop := context.WithCancel(ctx)
	programs := &programs{ctx: ctx, log: r.Log}
	defer programs.running.Wait()
	defer stop()

	adapter := ""
	if stack.Adapter != nil {
		if adapter, err = startAdapter(programs, folder, stack, outside.URL); err != nil {
			return err
		}
	}
	ways, err := prepare(stack.Routing, folder, outside.URL, adapter)
	if err != nil {
		return err
	}
	at, err := programs.start(exec{
		name: r.Alertmanager, says: `"address":"`,
		arguments: []string{
			"--config.file=" + filepath.Join(folder, configFile), "--storage.path=" + filepath.Join(folder, "kept"),
			"--web.listen-address=127.0.0.1:0", "--cluster.listen-address=", "--log.format=json",
		},
	})
	if err != nil {
		return err
	}
	api := "http://" + at + "/api/v2/alerts"
	if err := post(ctx, api, alert); err != nil {
		return err
	}
	receiver, err := receiverOf(ctx, api)
	if err != nil {
		return err
	}
	expected := ways[receiver]
	if len(expected) == 0 {
		return fmt.Errorf("Alertmanager gives an alert of the severity %q to %q, which tells nobody", alert.Labels["severity"], receiver)
	}
	if err := r.collect(ctx, arrived, expected, say); err != nil {
		return fmt.Errorf("the alert fires, and Alertmanager gives it to %q: %w", receiver, err)
	}
	alert.EndsAt = time.Now()
	if err := post(ctx, api, alert); err != nil {
		return err
	}
	if err := r.collect(ctx, arrived, expected, say); err != nil {
		return fmt.Errorf("the alert is over: %w", err)
	}
	return nil
}

// collect waits for one message by each way.
func (r *Rehearsal) collect(ctx context.Context, arrived <-chan Arrived, expected []Way, say func(Arrived)) error {
	late := time.NewTimer(r.Patience)
	defer late.Stop()
	missing := map[Way]bool{}
	for _, way := range expected {
		missing[way] = true
	}
	for len(missing) > 0 {
		select {
		case message := <-arrived:
			say(message)
			delete(missing, message.Way)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-late.C:
			var names []string
			for way := range missing {
				names = append(names, string(way))
			}
			return fmt.Errorf("nothing arrived by %s within %s. Either it is held back (quiet hours take what is for information only) or the log says why",
				strings.Join(names, " and "), r.Patience)
		}
	}
	return nil
}

func post(ctx context.Context, api string, alert Alert) error {
	body, err := json.Marshal([]Alert{alert})
	if err != nil {
		return err
	}
	_, err = ask(ctx, http.MethodPost, api, body)
	return err
}

// receiverOf asks Alertmanager whom it gives the only alert to that it has.
func receiverOf(ctx context.Context, api string) (string, error) {
	text, err := ask(ctx, http.MethodGet, api, nil)
	if err != nil {
		return "", err
	}
	var alerts []struct{ Receivers []struct{ Name string } }
	if err := json.Unmarshal(text, &alerts); err != nil {
		return "", err
	}
	if len(alerts) != 1 || len(alerts[0].Receivers) != 1 {
		return "", fmt.Errorf("Alertmanager knows of %d alerts, where one was fired: %s", len(alerts), text)
	}
	return alerts[0].Receivers[0].Name, nil
}

func ask(ctx context.Context, method, address string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("Alertmanager answers %s: %s", answer.Status, text)
	}
	return text, nil
}
