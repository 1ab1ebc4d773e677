package stacks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// edgeTTLs are the only values the CDN takes (its OpenAPI file).
var edgeTTLs = []int{120, 180, 300, 600, 900, 1800, 3600, 7200, 18000, 43200, 86400, 172800, 432000}

func validateEdge(edge Edge, host string, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	if !slices.Contains(edgeTTLs, edge.TTLSeconds) {
		problems = append(problems, field.Invalid(path.Child("ttlSeconds"), edge.TTLSeconds, "the CDN takes only "+strings.Trim(fmt.Sprint(edgeTTLs), "[]")))
	}
	for _, message := range validation.IsDNS1123Subdomain(edge.Domain) {
		return append(problems, field.Invalid(path.Child("domain"), edge.Domain, message))
	}
	if !inDomain(host, edge.Domain) {
		problems = append(problems, field.Invalid(path.Child("domain"), edge.Domain, fmt.Sprintf("exchange.host %q is not in this domain", host)))
	}
	return problems
}

// validateNames checks the names of the Kubernetes API, for which records are made beside the exchange's.
func validateNames(cfg *Config, path *field.Path) field.ErrorList {
	taken := map[string]string{cfg.Exchange.Host: "exchange.host"}
	var problems field.ErrorList
	for _, name := range []struct{ key, host string }{
		{"apiHost", cfg.Kubernetes.APIHost}, {"internalHost", cfg.Kubernetes.InternalHost},
	} {
		if name.host == "" {
			continue
		}
		at := path.Child(name.key)
		for _, message := range validation.IsDNS1123Subdomain(name.host) {
			problems = append(problems, field.Invalid(at, name.host, message))
		}
		if !inDomain(name.host, cfg.Edge.Domain) {
			problems = append(problems, field.Invalid(at, name.host, fmt.Sprintf("must be in edge.domain, %q, where its record is made", cfg.Edge.Domain)))
		}
		if other, twice := taken[name.host]; twice {
			problems = append(problems, field.Invalid(at, name.host, fmt.Sprintf("is %s, which leads elsewhere; choose another name", other)))
		}
		taken[name.host] = at.String()
	}
	return problems
}

func inDomain(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

func validateEngines(cfg *Config) field.ErrorList {
	var problems field.ErrorList
	for _, choice := range []struct {
		section, engine string
		supported       []string
	}{
		{"ingress", cfg.Ingress.Engine, []string{"ingress-nginx"}},
		{"logging", cfg.Logging.Engine, []string{"bitnami"}},
		{"postgres", cfg.Postgres.Engine, []string{"bitnami"}},
		{"objectStore", cfg.ObjectStore.Engine, []string{"minio"}},
	} {
		if !slices.Contains(choice.supported, choice.engine) {
			problems = append(problems, field.NotSupported(field.NewPath(choice.section, "engine"), choice.engine, choice.supported))
		}
	}
	if !prometheusDuration.MatchString(cfg.Monitoring.Retention) {
		problems = append(problems, field.Invalid(field.NewPath("monitoring", "retention"), cfg.Monitoring.Retention, `must be a duration such as "6h" or "15d"`))
	}
	for _, name := range []struct{ key, value string }{{"database", cfg.Postgres.Database}, {"user", cfg.Postgres.User}} {
		if !sqlName.MatchString(name.value) {
			problems = append(problems, field.Invalid(field.NewPath("postgres", name.key), name.value, "must start with a lower-case letter and hold lower-case letters, digits and underscores only"))
		}
	}
	return append(problems, validateBuckets(cfg.ObjectStore, field.NewPath("objectStore"))...)
}

var (
	prometheusDuration = regexp.MustCompile(`^[1-9][0-9]*(s|m|h|d|w|y)$`)
	sqlName            = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	bucketName         = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
)

func validateBuckets(store ObjectStore, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for _, bucket := range []struct{ key, name string }{{"staticBucket", store.StaticBucket}, {"mediaBucket", store.MediaBucket}} {
		if !bucketName.MatchString(bucket.name) {
			problems = append(problems, field.Invalid(path.Child(bucket.key), bucket.name, "must be 3 to 63 lower-case letters, digits, dots and hyphens"))
		}
	}
	if store.StaticBucket == store.MediaBucket {
		problems = append(problems, field.Duplicate(path.Child("mediaBucket"), store.MediaBucket))
	}
	return problems
}

func validateExchange(exchange Exchange, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for _, message := range validation.IsDNS1123Subdomain(exchange.Host) {
		problems = append(problems, field.Invalid(path.Child("host"), exchange.Host, message))
	}
	problems = append(problems, validateText(exchange.Image.Repository, path.Child("image", "repository"), "name the application's image without its tag")...)
	problems = append(problems, validateText(exchange.Image.Tag, path.Child("image", "tag"), "name the version to run")...)
	for _, count := range []struct {
		key   string
		value int
	}{{"webReplicas", exchange.WebReplicas}, {"workerReplicas", exchange.WorkerReplicas}} {
		if count.value < 1 {
			problems = append(problems, field.Invalid(path.Child(count.key), count.value, "must be at least 1"))
		}
	}
	return problems
}

func validateMirrors(mirrors Mirrors, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for _, registry := range slices.Sorted(maps.Keys(mirrors.Registries)) {
		if address := mirrors.Registries[registry]; !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
			problems = append(problems, field.Invalid(path.Child("registries").Key(registry), address, "must be the mirror's address with its scheme, https://…"))
		}
	}
	return problems
}
