package field

import (
	"regexp"
	"slices"
	"strings"
)

// The forms of names in Kubernetes, as its API server asks for them.
const (
	labelForm     = `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
	subdomainForm = labelForm + `(\.` + labelForm + `)*`
	keyForm       = `([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`
	valueForm     = `(` + keyForm + `)?`
)

var (
	label     = regexp.MustCompile(`^` + labelForm + `$`)
	subdomain = regexp.MustCompile(`^` + subdomainForm + `$`)
	key       = regexp.MustCompile(`^` + keyForm + `$`)
	value     = regexp.MustCompile(`^` + valueForm + `$`)
)

// IsDNS1123Label says what is wrong with the name of a namespace, a node, a part of a host's name.
func IsDNS1123Label(name string) []string {
	switch long := longerThan(63, name); {
	case label.MatchString(name):
		return long
	case subdomain.MatchString(name):
		return append(long, "must not contain dots")
	default:
		return append(long, "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "+
			"alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '"+labelForm+"')")
	}
}

// IsDNS1123Subdomain says what is wrong with the name of a host, of most objects.
func IsDNS1123Subdomain(name string) []string {
	return append(longerThan(253, name), messages(subdomain.MatchString(name), "a lowercase RFC 1123 subdomain must consist of lower case "+
		"alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '%s')",
		subdomainForm)...)
}

// IsValidPortNum says what is wrong with a port.
func IsValidPortNum(port int) []string {
	return messages(1 <= port && port <= 65535, "must be between 1 and 65535, inclusive")
}

// IsQualifiedName says what is wrong with the key of a label: a name, or a domain, "/" and a name.
func IsQualifiedName(text string) []string {
	parts := strings.Split(text, "/")
	name := parts[len(parts)-1]
	var wrong []string
	switch {
	case len(parts) == 2 && parts[0] == "":
		wrong = append(wrong, "prefix part must be non-empty")
	case len(parts) == 2:
		for _, message := range IsDNS1123Subdomain(parts[0]) {
			wrong = append(wrong, "prefix part "+message)
		}
	case len(parts) > 2:
		return messages(false, "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "+
			"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '%s') with an optional DNS subdomain prefix and '/' "+
			"(e.g. 'example.com/MyName')", keyForm)
	}
	if name == "" {
		wrong = append(wrong, "name part must be non-empty")
	}
	for _, message := range slices.Concat(longerThan(63, name), messages(key.MatchString(name), "must consist of alphanumeric characters, '-', '_' or '.', and "+
		"must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '%s')", keyForm)) {
		wrong = append(wrong, "name part "+message)
	}
	return wrong
}

// IsValidLabelValue says what is wrong with a label's value.
func IsValidLabelValue(text string) []string {
	return append(longerThan(63, text), messages(value.MatchString(text), "a valid label must be an empty string or consist of alphanumeric characters, "+
		"'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '%s')",
		valueForm)...)
}

func longerThan(most int, text string) []string {
	return messages(len(text) <= most, "must be no more than %d bytes", most)
}
