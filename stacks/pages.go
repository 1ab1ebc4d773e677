package stacks

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/delivery"
	"github.com/iransre/exchange-platform/components/ingress"
	"github.com/iransre/exchange-platform/components/logging"
	"github.com/iransre/exchange-platform/components/monitoring"
	"github.com/iransre/exchange-platform/internal/field"
)

// pages are how people reach those of the platform.
type pages struct {
	Grafana      reached `output:"grafana"`
	Prometheus   reached `output:"prometheus"`
	Alertmanager reached `output:"alertmanager"`
	Kibana       reached `output:"kibana"`
	ArgoCD       reached `output:"argocd"`
}

// reached is how people get to one: by one of the two, or neither where there is no such page.
type reached struct {
	PublicURL   pulumi.StringInput `output:"publicUrl" optional:"true"`
	PortForward pulumi.StringInput `output:"portForward" optional:"true"`
}

// loginIsAsked tells whether the ingress controller asks for the login of a page, as what is behind it asks for none.
func loginIsAsked(cfg *Config, name ingress.PageName) bool {
	switch name {
	case ingress.Prometheus, ingress.Alertmanager:
		return true
	case ingress.Kibana:
		return cfg.Logging.Engine == logging.Bitnami
	default:
		return false
	}
}

// pageOf is how people reach one from outside, as what is behind it has to know.
func pageOf(cfg *Config, name ingress.PageName) chart.Page {
	page, published := cfg.Ingress.Pages[name]
	if !published {
		return chart.Page{}
	}
	made := chart.Page{URL: publicURL(cfg, page.Host)}
	if loginIsAsked(cfg, name) {
		made.LoginSecret = ingress.LoginSecret(name)
	}
	return made
}

func monitoringPages(cfg *Config) monitoring.Pages {
	return monitoring.Pages{
		Grafana: pageOf(cfg, ingress.Grafana), Prometheus: pageOf(cfg, ingress.Prometheus), Alertmanager: pageOf(cfg, ingress.Alertmanager),
	}
}

// pageHosts are the names of the pages that people reach.
func pageHosts(cfg *Config) []string {
	var hosts []string
	for _, name := range cfg.Ingress.Published() {
		hosts = append(hosts, cfg.Ingress.Pages[name].Host)
	}
	return hosts
}

// newPages publishes what the stack file says, and tells how each page is reached.
func newPages(ctx *pulumi.Context, cfg *Config, p *platform, installer *chart.Installer, base pulumi.ResourceOption) (*pages, error) {
	type served struct {
		name ingress.PageName
		of   *chart.Endpoint
		told *reached
	}
	told := &pages{}
	all := []served{
		{ingress.Grafana, &p.Monitoring.Grafana, &told.Grafana},
		{ingress.Prometheus, &p.Monitoring.Prometheus, &told.Prometheus},
		{ingress.Alertmanager, &p.Monitoring.Alertmanager, &told.Alertmanager},
		{ingress.Kibana, &p.Logging.Kibana, &told.Kibana},
	}
	if p.Delivery != nil {
		all = append(all, served{ingress.ArgoCD, &p.Delivery.ArgoCD, &told.ArgoCD})
	}
	args := &ingress.PagesArgs{Installer: installer, Class: p.Ingress.Class}
	for _, each := range all {
		page := pageOf(cfg, each.name)
		if page.URL == "" {
			each.told.PortForward = each.of.Tunnel()
			continue
		}
		each.told.PublicURL = pulumi.String(page.URL)
		args.Pages = append(args.Pages, ingress.PageArgs{
			Page: cfg.Ingress.Pages[each.name], Name: each.name, Of: *each.of, LoginSecret: page.LoginSecret,
			TLS: each.name == ingress.Kibana && cfg.Logging.Engine == logging.ECK,
		})
	}
	if len(args.Pages) == 0 {
		return told, nil
	}
	_, err := ingress.NewPages(ctx, "pages", args, base)
	return told, err
}

// validatePages asks for what keeps pages from those whom they are not for.
func validatePages(cfg *Config) field.ErrorList {
	if len(cfg.Ingress.Pages) == 0 {
		return nil
	}
	at := field.NewPath("ingress", "pages")
	var problems field.ErrorList
	if _, published := cfg.Ingress.Pages[ingress.ArgoCD]; published && cfg.Delivery.Mode != delivery.ByGit {
		problems = append(problems, field.Forbidden(at.Child(string(ingress.ArgoCD)), `there is no Argo CD: it comes with "delivery.mode: gitops". Leave the page out`))
	}
	switch {
	case scheme(cfg) == "http":
		problems = append(problems, field.Forbidden(at, "passwords would cross the Internet in plain text: hand in edge.certificate, take certificates.engine, or \"edge.mode: cdn\""))
	case cfg.Edge.VIP.PublicAddress != "":
		problems = append(problems, field.Forbidden(at, "nobody could tell where somebody comes from: what hands on from edge.vip.publicAddress does so in its own name. "+
			"Leave that out, and have people come to edge.vip.address"))
	case !cfg.Edge.ThroughCDN():
	case len(trustedProxies(cfg)) == 0:
		problems = append(problems, field.Forbidden(at,
			"nobody could tell where somebody comes from: the CDN's word for it is taken only where none but the CDN gets in. Set network.webCidrs to [cdn]"))
	case !cfg.Edge.Origin.Key:
		problems = append(problems, field.Forbidden(at, "anybody could say that he comes from the allowed ranges: another customer of the CDN, by a rule of his own "+
			"that sets Host and X-Forwarded-For. Set edge.origin.key, by which the workers know this domain's requests"))
	}
	return problems
}

// warnPages says what pages do without.
func warnPages(cfg *Config) []string {
	if len(cfg.Ingress.Pages) == 0 || !cfg.Edge.ThroughCDN() {
		return nil
	}
	var said []string
	if !cfg.Edge.Origin.HTTPS {
		said = append(said, "ingress.pages: passwords go from the CDN to the workers in plain text; set edge.origin.https")
	}
	for _, name := range cfg.Ingress.Published() {
		host := cfg.Ingress.Pages[name].Host
		if before, below := strings.CutSuffix(host, "."+cfg.Edge.Domain); below && strings.Contains(before, ".") {
			said = append(said, fmt.Sprintf("ingress.pages.%s.host is %s: the CDN's own certificate covers one part before %s only, so browsers refuse it unless another "+
				"was handed in there; a dash in place of the first dot mends that", name, host, cfg.Edge.Domain))
		}
	}
	return said
}
