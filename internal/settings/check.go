package settings

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/internal/field"
)

// BucketName is the form of a bucket's name in an S3-compatible storage.
var BucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// atOneTime are the first two fields of a schedule of cron, minute and hour, of what comes once in a day.
const atOneTime = `^[0-5]?[0-9] ([01]?[0-9]|2[0-3])`

// Forms of schedules of cron, whose fields go from the minute to the day of the week.
var (
	// OnceADay comes on each day.
	OnceADay = regexp.MustCompile(atOneTime + ` \* \* \*$`)
	// OnceOnDays comes on some days of the week.
	OnceOnDays = regexp.MustCompile(atOneTime + ` \* \* [0-9*,/-]+$`)
	// EveryDay comes on each day, and at most four times in an hour: each time takes a pod, and one that still runs puts the next one off.
	EveryDay = regexp.MustCompile(`^([0-5]?[0-9](,[0-5]?[0-9]){0,3}|\*/(15|20|30)) [0-9*,/-]+ \* \* \*$`)
)

// Text asks for a value that is not blank; hint says what to write.
func Text(value string, path *field.Path, hint string) field.ErrorList {
	if strings.TrimSpace(value) == "" {
		return field.ErrorList{field.Required(path, hint)}
	}
	return nil
}

// OneOf asks for one of the supported values.
func OneOf[T ~string](value T, path *field.Path, supported ...T) field.ErrorList {
	if slices.Contains(supported, value) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, value, supported)}
}

// Matches asks for a value of a form; hint says which.
func Matches(value string, path *field.Path, form *regexp.Regexp, hint string) field.ErrorList {
	if form.MatchString(value) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, value, hint)}
}

// AtLeast asks for a count.
func AtLeast(value int, path *field.Path, least int) field.ErrorList {
	if value >= least {
		return nil
	}
	return field.ErrorList{field.Invalid(path, value, fmt.Sprintf("must be at least %d", least))}
}

// Messages turns what a check of apimachinery's says of a value into errors at path.
func Messages(messages []string, value any, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for _, message := range messages {
		problems = append(problems, field.Invalid(path, value, message))
	}
	return problems
}

// CIDR asks for an address range.
func CIDR(cidr string, path *field.Path) field.ErrorList {
	prefix, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil:
		return field.ErrorList{field.Invalid(path, cidr, `must be an address range such as "10.10.0.0/24"`)}
	case prefix != prefix.Masked():
		return field.ErrorList{field.Invalid(path, cidr, fmt.Sprintf("has bits set outside its mask; write %s", prefix.Masked()))}
	}
	return nil
}

// CIDRs asks for address ranges.
func CIDRs(cidrs []string, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for i, cidr := range cidrs {
		problems = append(problems, CIDR(cidr, path.Index(i))...)
	}
	return problems
}

// Everybody tells whether a range holds so many addresses that it keeps nobody out: two halves of them all are as good as one.
func Everybody(cidr string) bool {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return false
	}
	if prefix.Addr().Is4() {
		return prefix.Bits() < 8
	}
	return prefix.Bits() < 16
}

// InDomain tells whether host is the domain or a name in it.
func InDomain(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}
