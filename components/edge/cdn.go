package edge

import (
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// setting is a resource of the CDN with nothing but inputs. The types of the provider's SDK are not used: to compile them takes longer
// than the rest of the package; a test holds the names against them.
type setting struct {
	pulumi.CustomResourceState
}

// configure makes what the stack file says to the CDN, and nothing where it says nothing: settings are the whole domain's, of which
// other stacks may have names too.
func (e *Edge) configure(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) error {
	config := &args.Config
	register := func(token, part string, inputs pulumi.Map, opts ...pulumi.ResourceOption) (*setting, error) {
		inputs["domain"] = pulumi.String(config.Domain)
		made := &setting{}
		// The old one goes first: the provider takes one of the wanted content for what an interrupted run left behind.
		opts = append(opts, child, pulumi.DeleteBeforeReplace(true))
		return made, ctx.RegisterResource("arvancloud:"+token, name+"-"+part, inputs, made, opts...)
	}
	if https := config.HTTPS; https.Managed {
		inputs := pulumi.Map{
			"enabled": pulumi.Bool(true), "redirectToHttps": pulumi.Bool(true), "minimumTlsVersion": pulumi.String(https.MinimumTLS),
			"hsts": pulumi.Bool(https.HSTS != ""),
		}
		if https.HSTS != "" {
			inputs["hstsMaxAge"] = pulumi.String(https.HSTS)
		}
		if _, err := register("traffic:HttpsSettings", "https", inputs); err != nil {
			return err
		}
	}
	if config.Mode == WithWAF {
		if _, err := register("protection:WafSettings", "waf", pulumi.Map{"mode": pulumi.String(config.WAF.Mode)}); err != nil {
			return err
		}
	}
	if ddos := config.DDoS; ddos.Mode != "" {
		inputs := pulumi.Map{"mode": pulumi.String(ddos.Mode), "ttl": pulumi.Int(ddos.BelievedSeconds)}
		if _, err := register("protection:DdosSettings", "ddos", inputs); err != nil {
			return err
		}
	}
	if action := config.Firewall.Default; action != "" {
		if _, err := register("protection:FirewallSettings", "firewall", pulumi.Map{"defaultAction": pulumi.String(action)}); err != nil {
			return err
		}
	}
	var before []pulumi.Resource
	for _, rule := range config.Firewall.Rules {
		inputs := pulumi.Map{"name": pulumi.String(rule.Name), "expression": pulumi.String(rule.Expression), "action": pulumi.String(rule.Action)}
		if rule.Note != "" {
			inputs["note"] = pulumi.String(rule.Note)
		}
		// they are looked at in the order in which they were made
		made, err := register("protection:FirewallRule", "firewall-"+rule.Name, inputs, pulumi.DependsOn(before))
		if err != nil {
			return err
		}
		before = []pulumi.Resource{made}
	}
	for _, limit := range config.RateLimits {
		action := "block"
		if limit.Challenge {
			action = "challenge"
		}
		for i, host := range append([]string{args.Host}, args.MoreHosts...) {
			part := "limit-" + limit.Name
			if i > 0 {
				part += "-" + host
			}
			inputs := pulumi.Map{
				"urlPattern": pulumi.String(host + limit.Path), "rate": pulumi.Int(limit.Requests), "timeDuration": pulumi.Int(limit.Seconds),
				"blockDuration": pulumi.Int(limit.BlockSeconds), "action": pulumi.String(action),
			}
			if _, err := register("protection:RateLimitRule", part, inputs); err != nil {
				return err
			}
		}
	}
	return e.pageRules(ctx, name, args, child, register)
}

// everyPage is the path of a rule for all of a name's pages.
const everyPage = "/**"

// page is a page rule. Of those that are for a request, the one with the lowest place counts, and no other.
type page struct {
	name, url string
	place     int
	inputs    pulumi.Map
}

// Places of page rules. The domain's other rules are for other names, and may have the same.
const (
	maintenancePlace = 10
	pagesPlace       = 100 // and the following
	staticPlace      = 8000
	restPlace        = 9000
)

// pageRules makes them. As one counts only, each says the key.
func (e *Edge) pageRules(
	ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption,
	register func(token, part string, inputs pulumi.Map, opts ...pulumi.ResourceOption) (*setting, error),
) error {
	config := &args.Config
	var key pulumi.StringOutput
	if config.Origin.Key {
		var err error
		if key, err = args.Installer.Password(ctx, name+"-origin-key", child); err != nil {
			return err
		}
	}
	var said []any // what has to be there before the workers may ask for the key
	for _, page := range pagesOf(args) {
		page.inputs["url"], page.inputs["place"] = pulumi.String(page.url), pulumi.Int(page.place)
		if config.Origin.Key {
			page.inputs["requestHeaders"] = pulumi.ToSecret(pulumi.MapArray{pulumi.Map{"name": pulumi.String(OriginHeader), "value": key}})
		}
		made, err := register("traffic:PageRule", "page-"+page.name, page.inputs, pulumi.AdditionalSecretOutputs([]string{"requestHeaders"}))
		if err != nil {
			return err
		}
		said = append(said, made.ID())
	}
	if config.Origin.Key {
		e.OriginKey = pulumi.All(append(said, key)...).ApplyT(func(all []any) string { return all[len(all)-1].(string) }).(pulumi.StringOutput)
	}
	return nil
}

func pagesOf(args *Args) []page {
	config := &args.Config
	var pages []page
	for i, rule := range config.PageRules {
		inputs := cached(rule.Cache)
		if rule.Redirect != "" {
			status := 302
			if rule.Permanent {
				status = 301
			}
			inputs["redirect"] = redirect(rule.Redirect, status)
		}
		pages = append(pages, page{"of-" + rule.Name, args.Host + rule.Path, pagesPlace + i, inputs})
	}
	if config.Cache.Static != "" && args.FilesHost != "" && args.StaticPath != "" {
		pages = append(pages, page{"static", args.FilesHost + args.StaticPath + "**", staticPlace, cached(config.Cache.Static)})
	}
	// What is answered to somebody is for nobody else, and no file of a user's is either.
	rest := pulumi.Map{}
	if config.Cache.Static != "" {
		rest = cached("")
	}
	if args.FilesHost != "" && (config.Origin.Key || config.Cache.Static != "") {
		pages = append(pages, page{"files", args.FilesHost + everyPage, restPlace, maps.Clone(rest)})
	}
	for _, host := range args.Pages {
		// the domain's own settings may keep what was answered to one who may see it for one who may not
		pages = append(pages, page{"for-" + host, host + everyPage, restPlace, cached("")})
	}
	if config.Origin.Key || config.Cache.Static != "" || config.Maintenance != "" {
		for i, host := range append([]string{args.Host}, args.MoreHosts...) {
			all := page{"exchange", host + everyPage, restPlace, maps.Clone(rest)}
			if i > 0 {
				all.name += "-" + host
			}
			if config.Maintenance != "" {
				all.place, all.inputs["redirect"] = maintenancePlace, redirect(config.Maintenance, 307)
			}
			pages = append(pages, all)
		}
	}
	return pages
}

// cached keeps pages for a while, or not at all.
func cached(lifetime string) pulumi.Map {
	if lifetime == "" {
		return pulumi.Map{"cacheMode": pulumi.String("off")}
	}
	return pulumi.Map{"cacheMode": pulumi.String("uri"), "lifetimeOk": pulumi.String(lifetime)}
}

func redirect(address string, status int) pulumi.Map {
	return pulumi.Map{"enabled": pulumi.Bool(true), "statusCode": pulumi.Int(status), "url": pulumi.String(address)}
}
