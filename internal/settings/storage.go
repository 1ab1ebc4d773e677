package settings

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/iransre/exchange-platform/internal/field"
)

// Storage is a place for backups in an S3-compatible storage, as the sections that have one say it.
type Storage struct{ Endpoint, Bucket, Prefix, AccessKey, SecretKey string }

// The storage of a stack file that names none: ArvanCloud's own.
const (
	StorageEndpoint = "https://s3.ir-thr-at1.arvanstorage.ir"
	StorageRegion   = "ir-thr-at1"
)

var prefix = regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$`)

// ValidateLogin reports what is wrong with the way into the storage, as far as it can be known without asking it.
func (s Storage) ValidateLogin(path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for _, key := range []struct{ name, value string }{{"accessKey", s.AccessKey}, {"secretKey", s.SecretKey}} {
		problems = append(problems, Text(key.value, path.Child(key.name),
			"give the storage user's key: pulumi config set --secret --path exchange-platform:"+path.String()+"."+key.name)...)
	}
	if at, err := url.Parse(s.Endpoint); err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || strings.Trim(at.Path, "/") != "" {
		problems = append(problems, Given(path.Child("endpoint"), s.Endpoint, `must be the storage's address without a path, such as "`+StorageEndpoint+`"`))
	}
	return problems
}

// Validate reports what is wrong with the place below path, as far as it can be known without asking the storage.
func (s Storage) Validate(path *field.Path) field.ErrorList {
	problems := s.ValidateLogin(path)
	if !BucketName.MatchString(s.Bucket) {
		problems = append(problems, Given(path.Child("bucket"), s.Bucket, "name a bucket that exists and that nothing else uses: 3 to 63 lower-case letters, digits, dots and dashes"))
	}
	if s.Prefix != "" {
		problems = append(problems, Matches(s.Prefix, path.Child("prefix"), prefix, "must be letters, digits, dots, dashes and underscores, with single slashes between them")...)
	}
	return problems
}

// Given is the error of a value that cannot be used, or is missing.
func Given(path *field.Path, value, cure string) *field.Error {
	if value == "" {
		return field.Required(path, cure)
	}
	return field.Invalid(path, value, cure)
}
