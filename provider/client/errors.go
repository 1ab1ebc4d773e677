package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strings"
)

// statusQuota is the status ArvanCloud answers when a quota is used up; it is in no standard.
const statusQuota = 420

// Error is a call that failed: what was asked, and what came back.
type Error struct {
	Method  string
	Path    string
	Status  int      // 0 when no answer came back
	Message string   // the API's own words, or what the connection met
	Details []string // the API's list of errors, flattened

	// ambiguous says that the call may have been applied although it failed.
	ambiguous bool
	// notApplied says that the call was certainly not applied, and may be made again.
	notApplied bool
	// structured says that the body was the API's, not that of something in between.
	structured bool
	cause      error
}

// Error shows the method, path, status, the API's message, and what to do about it where that is known.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: ", e.Method, e.Path)
	parts := []string{}
	if e.Status != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, statusText(e.Status))))
	}
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	if len(e.Details) > 0 {
		parts = append(parts, strings.Join(e.Details, "; "))
	}
	text.WriteString(strings.Join(parts, ": "))
	if hint := e.hint(); hint != "" {
		text.WriteString(" (" + hint + ")")
	}
	return text.String()
}

// Unwrap gives what the connection met, if that was the failure.
func (e *Error) Unwrap() error { return e.cause }

// hint says what the user can do about a failure whose cause is known.
func (e *Error) hint() string {
	switch {
	case e.Status == http.StatusUnauthorized:
		return "ArvanCloud does not accept the API key: check arvancloud:apiKey or ARVANCLOUD_API_KEY"
	case e.Status == http.StatusPaymentRequired:
		return "the account lacks funds: charge the wallet in ArvanCloud's panel"
	case e.Status == http.StatusForbidden && strings.Contains(strings.ToLower(e.Message), "info completion"):
		return "complete the account's profile and identity check in ArvanCloud's panel"
	case e.Status == http.StatusForbidden:
		return "the API key's machine user lacks a policy for this: see Settings > IAM in ArvanCloud's panel"
	case e.Status == statusQuota:
		return "a quota of the account is used up: delete something or ask ArvanCloud's support for more"
	case e.Status == http.StatusTooManyRequests:
		return "ArvanCloud still limits the rate after several attempts: try later or lower --parallel"
	case e.Status == http.StatusMethodNotAllowed && strings.HasPrefix(e.Path, cdnBase):
		return "the domain's plan may not include this feature"
	}
	return ""
}

// statusText is http.StatusText with what ArvanCloud adds.
func statusText(status int) string {
	switch status {
	case statusQuota:
		return "Quota Exceeded"
	case 419:
		return "Server Terminated"
	}
	return http.StatusText(status)
}

// HasStatus tells whether err is an answer with that status.
func HasStatus(err error, status int) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Status == status
}

// IsNotFound tells whether the API itself says that the thing does not exist. A 404 that is not in the API's format comes
// from something in between, or from a wrong endpoint, and must not be taken for a deletion.
func IsNotFound(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Status == http.StatusNotFound && failure.structured
}

// IsAmbiguous tells whether the call may have been applied although it failed.
func IsAmbiguous(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.ambiguous
}

// IsUnanswered tells whether the API gave no proper answer: it was not reached, is broken, or does not let the caller in.
func IsUnanswered(err error) bool {
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Status == 0 || failure.Status == http.StatusUnauthorized || failure.Status == http.StatusForbidden ||
			failure.Status == http.StatusTooManyRequests || failure.Status >= 500 || !failure.structured
	}
	return errors.Is(err, context.DeadlineExceeded)
}

// connectionMessage is what a connection met, without the URL that the caller shows anyway.
func connectionMessage(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return err.Error()
}

// parseErrorBody reads the body of a failure. ArvanCloud's come in many shapes: "message" with "errors" as a string, a list,
// a list of lists or lists by field; the list in "data"; nothing at all; an HTML page.
func parseErrorBody(content []byte) (message string, details []string, structured bool) {
	var body map[string]any
	if err := json.Unmarshal(content, &body); err != nil {
		return plainText(content), nil, false
	}
	message, _ = body["message"].(string)
	details = flatten(body["errors"])
	if len(details) == 0 {
		details = flatten(body["data"])
	}
	if message == "" && len(details) == 0 {
		details = flatten(body["error"])
	}
	return message, details, true
}

// flatten lists the texts in a value of any shape, each after the field it belongs to.
func flatten(value any) []string {
	switch value := value.(type) {
	case string:
		if value != "" {
			return []string{value}
		}
	case []any:
		var texts []string
		for _, element := range value {
			texts = append(texts, flatten(element)...)
		}
		return texts
	case map[string]any:
		fields := make([]string, 0, len(value))
		for field := range value {
			fields = append(fields, field)
		}
		sort.Strings(fields)
		var texts []string
		for _, field := range fields {
			for _, text := range flatten(value[field]) {
				texts = append(texts, field+": "+text)
			}
		}
		return texts
	}
	return nil
}

var tags = regexp.MustCompile(`(?s)<(script|style).*?</(script|style)>|<[^>]*>`)

// plainText is the beginning of a body that is not JSON, as one line without markup.
func plainText(content []byte) string {
	const enough = 200
	text := []rune(strings.Join(strings.Fields(tags.ReplaceAllString(string(content), " ")), " "))
	if len(text) > enough {
		return string(text[:enough]) + "…"
	}
	return string(text)
}
