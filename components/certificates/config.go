package certificates

import (
	"regexp"
	"slices"
	"time"

	"github.com/iransre/exchange-platform/internal/certificate"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Config is who orders and renews certificates in the cluster. Without an engine they are handed in (`edge.certificate`), or the ingress
// controller makes its own.
type Config struct {
	// Engine is "cert-manager", or empty.
	Engine Engine `json:"engine,omitempty"`
	// Issuer is who signs what the workers show: "internal" (an authority of the environment's own, which needs nobody outside), "acme" (one
	// that browsers know, or your own, by ACME) or "none" (the workers show something else). Another one is asked at once, and what was
	// there is shown until it has answered.
	Issuer Issuer `json:"issuer"`
	// RenewBeforeDays is how many days before its end a certificate is renewed: for so long the border may be closed. One that lives for
	// fewer days is renewed when a third of them is left.
	RenewBeforeDays int `json:"renewBeforeDays"`
	// HighlyAvailable runs two of each of cert-manager's parts: with one, nothing is renewed, and no Certificate changed, while it is away.
	HighlyAvailable bool `json:"highlyAvailable"`
	// ACME is whom `issuer: acme` asks. With another issuer the section may stay.
	ACME ACME `json:"acme"`
}

// Engine is the software that orders certificates.
type Engine string

// CertManager is cert-manager.
const CertManager Engine = "cert-manager"

// Issuer is who signs.
type Issuer string

// The issuers.
const (
	Internal Issuer = "internal"
	ByACME   Issuer = "acme"
	None     Issuer = "none"
)

// ACME is an authority, and how it is shown that the names are ours: by records in the domain's zone at ArvanCloud, so that it need not
// reach the workers.
type ACME struct {
	// Server is the address of the authority's directory; one of your own inside the country goes on when the border is closed.
	Server string `json:"server" login:"ACME knows its clients by a key that cert-manager makes"`
	// Authority is the certificate, in PEM, by which the server itself is known; empty for one that everybody knows.
	Authority string `json:"authority,omitempty"`
	// Email is told to the authority.
	Email string `json:"email,omitempty"`
	// APIKey is ArvanCloud's, of a machine user that may write the domain's DNS records and nothing else. Set it with
	// `pulumi config set --secret --path exchange-platform:certificates.acme.apiKey`.
	APIKey string `json:"apiKey,omitempty" secret:"true"`
	// Endpoint is where ArvanCloud's API answers.
	Endpoint string `json:"endpoint" login:"the key goes to certificates.acme.apiKey"`
}

// mostDays leaves a certificate of 90 days, which is what cert-manager asks for, a month before it is renewed.
const mostDays = 60

var (
	address = regexp.MustCompile(`^https://[^\s?#]+$`)
	email   = regexp.MustCompile(`^[^\s@,]+@[^\s@,]+\.[^\s@,]+$`)
)

// SetDefaults fills in what the profile gives.
func (c *Config) SetDefaults(profile settings.Profile) {
	*c = Config{
		Issuer: Internal, RenewBeforeDays: 45, HighlyAvailable: profile == settings.Prod,
		ACME: ACME{Server: "https://acme-v02.api.letsencrypt.org/directory", Endpoint: "https://napi.arvancloud.ir"},
	}
}

// Enabled tells whether anybody orders certificates.
func (c *Config) Enabled() bool { return c.Engine != "" }

// Shown tells whether the workers show one that is renewed in the cluster.
func (c *Config) Shown() bool { return c.Enabled() && c.Issuer != None }

// Validate reports what is wrong with the section.
func (c *Config) Validate(profile settings.Profile, path *field.Path) field.ErrorList {
	if !c.Enabled() {
		var usual Config
		usual.SetDefaults(profile)
		if *c != usual {
			return field.ErrorList{field.Required(path.Child("engine"), `nothing reads the section without one: take "cert-manager", or leave the section out`)}
		}
		return nil
	}
	problems := slices.Concat(
		settings.OneOf(c.Engine, path.Child("engine"), CertManager),
		settings.OneOf(c.Issuer, path.Child("issuer"), Internal, ByACME, None),
		settings.AtLeast(c.RenewBeforeDays, path.Child("renewBeforeDays"), 1))
	if c.RenewBeforeDays > mostDays {
		problems = append(problems, field.Invalid(path.Child("renewBeforeDays"), c.RenewBeforeDays,
			"must be 60 at most: a certificate of 90 days would be ordered again all the time, and authorities refuse who asks too often"))
	}
	if c.Issuer == ByACME {
		problems = append(problems, c.ACME.validate(path.Child("acme"))...)
	}
	return problems
}

func (a *ACME) validate(path *field.Path) field.ErrorList {
	problems := slices.Concat(
		settings.Matches(a.Server, path.Child("server"), address, `must be the https:// address of an ACME directory, such as "https://acme-v02.api.letsencrypt.org/directory"`),
		settings.Matches(a.Endpoint, path.Child("endpoint"), address, `must be an address such as "https://napi.arvancloud.ir": the key goes there, so not http`),
		a.validateAuthority(path.Child("authority")))
	if a.Email == "" {
		problems = append(problems, field.Required(path.Child("email"), "say whom the authority writes to"))
	} else {
		problems = append(problems, settings.Matches(a.Email, path.Child("email"), email, `must be one address, such as "platform@iransre.ir"`)...)
	}
	if a.APIKey == "" {
		problems = append(problems, field.Required(path.Child("apiKey"), "it writes the records that the authority asks for: pulumi config set --secret --path exchange-platform:certificates.acme.apiKey"))
	}
	return problems
}

func (a *ACME) validateAuthority(path *field.Path) field.ErrorList {
	if a.Authority == "" {
		return nil
	}
	if err := certificate.CheckAuthorities(a.Authority, time.Now()); err != nil {
		return field.ErrorList{field.Invalid(path, field.OmitValueType{}, err.Error())}
	}
	return nil
}
