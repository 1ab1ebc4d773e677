// Package settings is what the sections of a stack file have in common: each belongs to the component it is about, which
// says what the profiles fill in, what it refuses, and what a later change of a key does.
package settings

import (
	"github.com/iransre/exchange-platform/internal/field"
)

// Profile is a kind of environment.
type Profile string

// The profiles. Demo keeps nothing and is small; Prod goes on without any one of its machines.
const (
	Demo Profile = "demo"
	Prod Profile = "prod"
)

// Profiles are all of them, in the order in which the documentation shows them.
func Profiles() []Profile { return []Profile{Demo, Prod} }

// The interfaces of a section; a section has those it needs. They are asked for its pointer.
type (
	// Defaulter fills in what the profile gives before the stack file is read.
	Defaulter interface{ SetDefaults(Profile) }

	// Validator reports everything that is wrong with the section alone, each with its path below path, what is wrong and how
	// to mend it.
	Validator interface {
		Validate(profile Profile, path *field.Path) field.ErrorList
	}

	// Warner says what is allowed and yet has to be known at every update.
	Warner interface{ Warnings(Profile) []string }
)
