package client

import (
	"encoding/json"
	"strconv"
	"strings"
)

// The API's versions disagree about the types of several fields; these take what any of them sends.

// Number is a number that may come as a string, or not at all.
type Number float64

// UnmarshalJSON takes a number, a string that holds one, an empty string or null.
func (n *Number) UnmarshalJSON(content []byte) error {
	text := strings.Trim(string(content), `"`)
	if text == "" || text == "null" {
		*n = 0
		return nil
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return err
	}
	*n = Number(value)
	return nil
}

// Integer is a Number without a fraction.
type Integer int

// UnmarshalJSON takes what Number takes.
func (i *Integer) UnmarshalJSON(content []byte) error {
	var number Number
	if err := number.UnmarshalJSON(content); err != nil {
		return err
	}
	*i = Integer(number)
	return nil
}

// Text is a string that may come as a number or a boolean.
type Text string

// UnmarshalJSON takes any scalar; null is the empty text.
func (t *Text) UnmarshalJSON(content []byte) error {
	switch {
	case string(content) == "null":
		*t = ""
		return nil
	case len(content) > 0 && content[0] == '"':
		var text string
		if err := json.Unmarshal(content, &text); err != nil {
			return err
		}
		*t = Text(text)
		return nil
	}
	*t = Text(content)
	return nil
}
