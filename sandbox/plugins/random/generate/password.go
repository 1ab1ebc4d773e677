package generate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"golang.org/x/crypto/bcrypt"
)

// The characters a text may be made of.
const (
	lowerCharacters   = "abcdefghijklmnopqrstuvwxyz"
	upperCharacters   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	numericCharacters = "0123456789"
	specialCharacters = "!@#$%&*()-_=+[]{}<>:?"
)

// TextArgs say what a password looks like.
type TextArgs struct {
	Kept
	Length          int     `pulumi:"length"`
	Lower           *bool   `pulumi:"lower,optional"`
	MinLower        *int    `pulumi:"minLower,optional"`
	Upper           *bool   `pulumi:"upper,optional"`
	MinUpper        *int    `pulumi:"minUpper,optional"`
	Number          *bool   `pulumi:"number,optional"`
	Numeric         *bool   `pulumi:"numeric,optional"`
	MinNumeric      *int    `pulumi:"minNumeric,optional"`
	Special         *bool   `pulumi:"special,optional"`
	MinSpecial      *int    `pulumi:"minSpecial,optional"`
	OverrideSpecial *string `pulumi:"overrideSpecial,optional"`
}

// withDefaults fills in what is not said. Number is the old name of Numeric: the state has both.
func (a TextArgs) withDefaults() TextArgs {
	if a.Numeric == nil {
		a.Numeric = a.Number
	}
	for _, class := range []**bool{&a.Lower, &a.Upper, &a.Numeric, &a.Special} {
		if *class == nil {
			yes := true
			*class = &yes
		}
	}
	a.Number = a.Numeric
	for _, minimum := range []**int{&a.MinLower, &a.MinUpper, &a.MinNumeric, &a.MinSpecial} {
		if *minimum == nil {
			*minimum = new(int)
		}
	}
	return a
}

// check names what is impossible about complete arguments.
func (a TextArgs) check() []p.CheckFailure {
	var failures []p.CheckFailure
	minimum := *a.MinLower + *a.MinUpper + *a.MinNumeric + *a.MinSpecial
	switch {
	case a.Length < 1:
		failures = append(failures, p.CheckFailure{Property: "length",
			Reason: fmt.Sprintf("must be at least 1, got: %d", a.Length)})
	case a.Length < minimum:
		failures = append(failures, p.CheckFailure{Property: "length",
			Reason: fmt.Sprintf("must be at least sum of minUpper + minLower + minNumeric + minSpecial = %d, got: %d",
				minimum, a.Length)})
	}
	if !*a.Lower && !*a.Upper && !*a.Numeric && !*a.Special {
		failures = append(failures, p.CheckFailure{Property: "special",
			Reason: "at least one of lower, upper, numeric and special must be true"})
	}
	return failures
}

// text draws a text of complete arguments: first what each class asks for, then from all, in random order.
func (a TextArgs) text() (string, error) {
	special := specialCharacters
	if a.OverrideSpecial != nil && *a.OverrideSpecial != "" {
		special = *a.OverrideSpecial
	}
	var drawn []rune
	var all strings.Builder
	for _, class := range []struct {
		characters string
		wanted     bool
		minimum    int
	}{
		{lowerCharacters, *a.Lower, *a.MinLower},
		{upperCharacters, *a.Upper, *a.MinUpper},
		{numericCharacters, *a.Numeric, *a.MinNumeric},
		{special, *a.Special, *a.MinSpecial},
	} {
		if class.wanted {
			all.WriteString(class.characters)
		}
		characters, err := draw([]rune(class.characters), class.minimum)
		if err != nil {
			return "", err
		}
		drawn = append(drawn, characters...)
	}
	if all.String() == "" {
		return "", errors.New("the character set specified is empty")
	}
	rest, err := draw([]rune(all.String()), a.Length-len(drawn))
	if err != nil {
		return "", err
	}
	drawn = append(drawn, rest...)
	for i := len(drawn) - 1; i > 0; i-- {
		j, err := below(i + 1)
		if err != nil {
			return "", err
		}
		drawn[i], drawn[j] = drawn[j], drawn[i]
	}
	return string(drawn), nil
}

func draw(from []rune, count int) ([]rune, error) {
	drawn := make([]rune, max(count, 0))
	for i := range drawn {
		n, err := below(len(from))
		if err != nil {
			return nil, err
		}
		drawn[i] = from[n]
	}
	return drawn, nil
}

// below draws a number from 0 to limit-1.
func below(limit int) (int, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(limit)))
	if err != nil {
		return 0, fmt.Errorf("read randomness: %w", err)
	}
	return int(n.Int64()), nil
}

// Password is a text that stays secret.
type Password struct{}

// PasswordState is its state.
type PasswordState struct {
	TextArgs
	Result     string `pulumi:"result"     provider:"secret"`
	BcryptHash string `pulumi:"bcryptHash" provider:"secret"`
}

// Annotate names the resource as the official provider does: random:index/randomPassword:RandomPassword.
func (r *Password) Annotate(a infer.Annotator) { a.SetToken("index/randomPassword", "RandomPassword") }

// WireDependencies marks what is secret.
func (*Password) WireDependencies(f infer.FieldSelector, _ *TextArgs, state *PasswordState) {
	f.OutputField(&state.Result).AlwaysSecret()
	f.OutputField(&state.BcryptHash).AlwaysSecret()
}

// Check refuses impossible passwords.
func (*Password) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[TextArgs], error) {
	args, failures, err := infer.DefaultCheck[TextArgs](ctx, req.NewInputs)
	if err == nil && len(failures) == 0 && !property.New(req.NewInputs).HasComputed() {
		failures = args.withDefaults().check()
	}
	return infer.CheckResponse[TextArgs]{Inputs: args, Failures: failures}, err
}

// Diff asks for a replacement on every change.
func (*Password) Diff(_ context.Context, req infer.DiffRequest[TextArgs, PasswordState]) (infer.DiffResponse, error) {
	return replaceOn(req.State.TextArgs.withDefaults(), req.Inputs.withDefaults()), nil
}

// Create draws the password.
func (*Password) Create(
	_ context.Context, req infer.CreateRequest[TextArgs],
) (infer.CreateResponse[PasswordState], error) {
	// The id must not tell the password.
	response := infer.CreateResponse[PasswordState]{ID: "none", Output: PasswordState{TextArgs: req.Inputs.withDefaults()}}
	if req.DryRun {
		return response, nil
	}
	var err error
	if response.Output.Result, err = response.Output.text(); err != nil {
		return response, err
	}
	hash, err := bcrypt.GenerateFromPassword(bcryptable(response.Output.Result), bcrypt.DefaultCost)
	response.Output.BcryptHash = string(hash)
	return response, err
}

// bcryptable is as much of a password as bcrypt takes.
func bcryptable(password string) []byte {
	const limit = 72
	return []byte(password)[:min(len(password), limit)]
}
