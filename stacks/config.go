package stacks

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/iransre/exchange-platform/components/access"
	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/components/certificates"
	"github.com/iransre/exchange-platform/components/edge"
	"github.com/iransre/exchange-platform/components/kubespray"
	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/components/postgres"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/settings"
)

// Kubernetes is the cluster, and who gets into it.
type Kubernetes struct {
	kubespray.Config
	// Access gives others than the administrator kubeconfigs of their own: the secret output `kubeconfigs`, by name.
	Access access.Config `json:"access,omitempty"`
}

// Validate reports what is wrong with the section.
func (k *Kubernetes) Validate(profile settings.Profile, path *field.Path) field.ErrorList {
	return append(k.Config.Validate(profile, path), k.Access.Validate(profile, path.Child("access"))...)
}

// Mirrors are the places inside the country from which an environment installs. Empty fields mean the original source.
type Mirrors struct {
	// Charts replaces every chart source at once: an HTTP repository, "oci://…", or a folder of archives.
	Charts string `json:"charts,omitempty" login:"a login for oci:// is made with 'helm registry login' on the machine that runs Pulumi; elsewhere, use a folder of archives"`
	// Registries maps a registry ("docker.io", "registry.k8s.io", "quay.io", "ghcr.io", …) to the mirror containerd asks first.
	Registries map[string]string `json:"registries,omitempty" login:"the login goes to mirrors.logins: host and user there, and the password with pulumi config set --secret --path 'exchange-platform:mirrors.logins[0].password'"`
	// Logins are those of mirrors that ask who pulls. Nodes keep them where root alone reads them.
	Logins kubespray.RegistryLogins `json:"logins,omitempty"`
	// Files is the base address for the binaries Kubespray downloads.
	Files string `json:"files,omitempty" login:"let the server know the machines by their addresses instead"`
}

// validateTogether checks what concerns several sections at once.
func validateTogether(stack string, cfg *Config) field.ErrorList {
	return slices.Concat(
		clusterArgs(stack, cfg, &arvan.Machines{}, &apiNames{}, "").Problems(),
		validateHost(cfg),
		validateRanges(cfg),
		validateVirtualAddress(cfg),
		validateLeftOut(cfg),
		validateOutside(cfg),
		validateNames(cfg),
		validatePages(cfg),
		cfg.Edge.ValidateNames(field.NewPath("edge"), workersNames(cfg)),
		validateCertificates(cfg),
		validateRoom(cfg),
		validateServers(cfg),
		validateJobs(cfg),
	)
}

// validateJobs checks that a node is there for the jobs of GitLab's runner.
func validateJobs(cfg *Config) field.ErrorList {
	wanted := cfg.Delivery.GitLabRunner.Nodes
	if len(wanted) == 0 || slices.ContainsFunc(cfg.Nodes, func(node arvan.Node) bool {
		for key, value := range wanted {
			if had, there := node.Labels[key]; !there || had != value {
				return false
			}
		}
		return node.Role == arvan.Worker
	}) {
		return nil
	}
	var labels []string
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		labels = append(labels, key+"="+wanted[key])
	}
	return field.ErrorList{field.Invalid(field.NewPath("delivery", "gitlabRunner", "nodes"), strings.Join(labels, ","),
		"no worker has these in nodes[].labels, so no job would ever begin: give them to one there")}
}

// warnTogether says what concerns several sections at once.
func warnTogether(cfg *Config) []string {
	said := warnPages(cfg)
	if cfg.Certificates.Shown() && cfg.Certificates.Issuer == certificates.Internal && !cfg.Edge.ThroughCDN() {
		said = append(said, "certificates.issuer is \"internal\" and nothing is in front of the workers: browsers that were not told of the environment's authority warn whoever comes")
	}
	if cfg.Alerting.SMS.Provider != "" && !cfg.Nodes.Has(arvan.Bastion) {
		said = append(said, "alerting.sms: nobody is told when the cluster or its monitoring is gone, as no machine outside watches them. "+
			"In an environment that matters, append a node with the role \"bastion\" before it is made")
	}
	return said
}

// validateCertificates asks that the workers show one certificate, and that somebody sees it.
func validateCertificates(cfg *Config) field.ErrorList {
	path := field.NewPath("certificates", "issuer")
	switch {
	case !cfg.Certificates.Shown():
		return nil
	case cfg.Edge.Certificate.Given():
		return field.ErrorList{field.Invalid(path, cfg.Certificates.Issuer,
			`the workers show one certificate, and edge.certificate is handed in: take "none" here, or leave that out`)}
	case !cfg.Edge.ShowsCertificates():
		return field.ErrorList{field.Invalid(path, cfg.Certificates.Issuer,
			`its certificate is shown to nobody: the CDN speaks plain HTTP to the workers. Set edge.origin.https, or take "none"`)}
	}
	return nil
}

// validateLeftOut asks that names lead to some worker.
func validateLeftOut(cfg *Config) field.ErrorList {
	if len(cfg.Edge.LeaveOut) == 0 {
		return nil
	}
	at := field.NewPath("edge", "leaveOut")
	if cfg.Edge.Mode == edge.Virtual {
		return field.ErrorList{field.Forbidden(at, `with "mode: vip" names lead to no worker's address, and a worker that is down does not answer for the virtual one: leave this out`)}
	}
	workers := cfg.Nodes.Named(arvan.Worker)
	var problems field.ErrorList
	for i, name := range cfg.Edge.LeaveOut {
		if !slices.Contains(workers, name) {
			problems = append(problems, field.Invalid(at.Index(i), name, "is no worker of this stack: name one of "+strings.Join(workers, ", ")))
		}
	}
	if len(problems) == 0 && len(without(workers, cfg.Edge.LeaveOut)) == 0 {
		problems = append(problems, field.Forbidden(at, "leaves no worker, and names have to lead somewhere: keep one"))
	}
	return problems
}

// ledTo are the workers to whose own addresses users' names lead; none where something is in front that passes over one that is down.
func ledTo(cfg *Config) []string {
	if !cfg.Edge.LeadsToWorkers() {
		return nil
	}
	return without(cfg.Nodes.Named(arvan.Worker), cfg.Edge.LeaveOut)
}

// without are those names that are not among others.
func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}

// validateHost asks for a name of the exchange in the domain that holds its record.
func validateHost(cfg *Config) field.ErrorList {
	if away, err := url.Parse(cfg.Edge.Maintenance); err == nil && slices.Contains(cfg.Exchange.Names(), strings.ToLower(away.Hostname())) && away.Hostname() != "" {
		return field.ErrorList{field.Invalid(field.NewPath("edge", "maintenance"), cfg.Edge.Maintenance,
			"is the exchange itself, from where everybody would be sent there again; name a page elsewhere")}
	}
	if cfg.Edge.Domain == "" || settings.InDomain(cfg.Exchange.Host, cfg.Edge.Domain) {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("edge", "domain"), cfg.Edge.Domain,
		"exchange.host \""+cfg.Exchange.Host+"\" is not in this domain")}
}

// validateNames checks the names for which records are made beside the exchange's.
func validateNames(cfg *Config) field.ErrorList {
	taken := map[string]string{cfg.Exchange.Host: "exchange.host"}
	files := filesHost(cfg)
	if !settings.InDomain(cfg.Exchange.Host, cfg.Edge.Domain) {
		files = cfg.ObjectStore.PublicHost // none is made of a name that is refused itself
	}
	var problems field.ErrorList
	type place struct {
		at   *field.Path
		host string
	}
	names := []place{
		{field.NewPath("kubernetes", "apiHost"), cfg.Kubernetes.APIHost},
		{field.NewPath("kubernetes", "internalHost"), cfg.Kubernetes.InternalHost},
		{field.NewPath("objectStore", "publicHost"), files},
	}
	for i, host := range cfg.Exchange.MoreHosts {
		names = append(names, place{field.NewPath("exchange", "moreHosts").Index(i), host})
	}
	for i, host := range cfg.Exchange.RedirectHosts {
		names = append(names, place{field.NewPath("exchange", "redirectHosts").Index(i), host})
	}
	for _, name := range cfg.Ingress.Published() {
		names = append(names, place{field.NewPath("ingress", "pages", string(name), "host"), cfg.Ingress.Pages[name].Host})
	}
	for _, name := range names {
		if name.host == "" {
			continue
		}
		problems = append(problems, settings.Messages(field.IsDNS1123Subdomain(name.host), name.host, name.at)...)
		if !settings.InDomain(name.host, cfg.Edge.Domain) {
			problems = append(problems, field.Invalid(name.at, name.host, fmt.Sprintf("must be in edge.domain, %q, where its record is made", cfg.Edge.Domain)))
		}
		if other, twice := taken[name.host]; twice {
			problems = append(problems, field.Invalid(name.at, name.host, fmt.Sprintf("is %s, which leads elsewhere; choose another name", other)))
		}
		taken[name.host] = name.at.String()
	}
	return problems
}

// systemGiB is what a node's own system and the images of its pods take of its disk.
const systemGiB = 10

// validateRoom asks for workers on whose disks there is room for what is kept there: pods that reserve more never start.
func validateRoom(cfg *Config) field.ErrorList {
	largest, all := 0, 0
	for _, node := range cfg.Nodes {
		if node.Role == arvan.Worker {
			largest, all = max(largest, node.DiskGiB), all+node.DiskGiB-systemGiB
		}
	}
	stores := []struct {
		section        string
		size, reserved int
		copies         int
	}{
		{"postgres", cfg.Postgres.MaxSizeGiB, cfg.Postgres.MaxSizeGiB * cfg.Postgres.Clusters(), cfg.Postgres.Copies()},
		{"objectStore", cfg.ObjectStore.MaxSizeGiB, cfg.ObjectStore.MaxSizeGiB, cfg.ObjectStore.Servers()},
		{"logging", cfg.Logging.MaxSizeGiB, cfg.Logging.StorageGiB(), cfg.Logging.Servers()},
	}
	if largest == 0 { // refused by itself
		return nil
	}
	var problems field.ErrorList
	total := 0
	for _, store := range stores {
		total += store.reserved * store.copies
		if store.copies > 0 && store.reserved > largest-systemGiB {
			key, size := "maxSizeGiB", store.size
			if store.section == "logging" && cfg.Logging.Engine == logging.ECK {
				key, size = "volumeGiB", store.reserved
			}
			problems = append(problems, field.Invalid(field.NewPath(store.section, key), size, fmt.Sprintf(
				"no worker has so much room: the largest has %d GiB, of which %d are for the system and its images; lower it, or raise nodes[].diskGiB", largest, systemGiB)))
		}
	}
	if len(problems) == 0 && total > all {
		problems = append(problems, field.Invalid(field.NewPath("postgres", "maxSizeGiB"), cfg.Postgres.MaxSizeGiB, fmt.Sprintf(
			"with objectStore.maxSizeGiB (%d) and %s it takes %d GiB of the %d that all workers have beside system and images; lower one, or raise nodes[].diskGiB",
			cfg.ObjectStore.MaxSizeGiB, roomOfLogs(&cfg.Logging), total, all)))
	}
	return problems
}

// roomOfLogs names the key that decides how much room logs have.
func roomOfLogs(config *logging.Config) string {
	if config.Engine == logging.ECK {
		return fmt.Sprintf("logging.volumeGiB (%d on each of %d nodes)", config.VolumeGiB, config.Nodes)
	}
	return fmt.Sprintf("logging.maxSizeGiB (%d, half as much again to merge)", config.MaxSizeGiB)
}

// validateServers asks for a worker for each server of what keeps copies: two on one would both be lost with it.
func validateServers(cfg *Config) field.ErrorList {
	workers := 0
	for _, node := range cfg.Nodes {
		if node.Role == arvan.Worker && len(node.Taints) == 0 {
			workers++
		}
	}
	if workers == 0 { // refused by itself
		return nil
	}
	var problems field.ErrorList
	if servers := cfg.Postgres.Servers(); workers < servers {
		problems = append(problems, fewWorkers(&cfg.Postgres, servers, workers))
	}
	if servers := cfg.Logging.Servers(); workers < servers {
		problems = append(problems, field.Invalid(field.NewPath("logging", "nodes"), cfg.Logging.Nodes, fmt.Sprintf(
			"has each node of Elasticsearch on a worker of its own, so that the loss of one loses no log; there are only %d workers without taints. Append to nodes, or take 1", workers)))
	}
	if servers := cfg.ObjectStore.Servers(); workers < servers {
		problems = append(problems, field.Invalid(field.NewPath("objectStore", "mode"), cfg.ObjectStore.Mode, fmt.Sprintf(
			"has %d servers, each on a worker of its own, so that files are read with any two and written with any three; there are only %d workers without taints. Append to nodes, or take \"standalone\", which keeps nothing",
			servers, workers)))
	}
	return problems
}

// fewWorkers says which key of the database asks for more workers than there are.
func fewWorkers(config *postgres.Config, servers, workers int) *field.Error {
	said := fmt.Sprintf("has %d servers, each on a worker of its own, so that the loss of one loses nothing; there are only %d workers without taints. Append to nodes, or ", servers, workers)
	if config.Engine == postgres.Bitnami {
		return field.Invalid(field.NewPath("postgres", "replicas"), config.Replicas, said+"take fewer")
	}
	return field.Invalid(field.NewPath("postgres", "engine"), config.Engine, said+`take "bitnami", which keeps nothing`)
}
