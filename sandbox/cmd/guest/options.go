package main

import (
	"fmt"
	"slices"
	"strings"
)

// errUsage is returned for arguments that a stand-in does not understand.
func errUsage(argument string) error {
	return fmt.Errorf("the sandbox's stand-in does not know %q", argument)
}

// options reads a command line the way getopt does, for the options a stand-in knows.
type options struct {
	flags  []string // known options without a value, or with one only after =
	values []string // known options with one
	// stop ends at the first argument that is no option: the rest is another command's.
	stop bool

	set  map[string]bool
	got  map[string][]string
	rest []string
}

func (o *options) parse(args []string) error {
	o.set, o.got = map[string]bool{}, map[string][]string{}
	for len(args) > 0 {
		argument := args[0]
		args = args[1:]
		if argument == "--" {
			o.rest = append(o.rest, args...)
			return nil
		}
		if !strings.HasPrefix(argument, "-") || argument == "-" {
			o.rest = append(o.rest, argument)
			if o.stop {
				o.rest = append(o.rest, args...)
				return nil
			}
			continue
		}
		name, value, joined := strings.Cut(argument, "=")
		if !strings.HasPrefix(argument, "--") && len(argument) > 2 {
			// -n5, and -HSn for -H -S -n
			name, value, joined = argument[:2], argument[2:], true
			if slices.Contains(o.flags, name) {
				args = append([]string{"-" + argument[2:]}, args...)
				joined = false
			}
		}
		switch {
		case slices.Contains(o.values, name):
			if !joined {
				if len(args) == 0 {
					return fmt.Errorf("option %s needs a value", name)
				}
				value, args = args[0], args[1:]
			}
			o.got[name] = append(o.got[name], value)
		case slices.Contains(o.flags, name):
			o.set[name] = true
			if joined {
				o.got[name] = append(o.got[name], value)
			}
		default:
			return errUsage(argument)
		}
	}
	return nil
}

// last returns the last value of any of these spellings of an option.
func (o *options) last(names ...string) string {
	for _, name := range names {
		if values := o.got[name]; len(values) > 0 {
			return values[len(values)-1]
		}
	}
	return ""
}
