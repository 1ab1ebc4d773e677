package stacks

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/arvan"
	"github.com/iransre/exchange-platform/internal/field"
	"github.com/iransre/exchange-platform/internal/providers"
)

// validateRanges asks for the CDN where its ranges are let in.
func validateRanges(cfg *Config) field.ErrorList {
	at := slices.Index(cfg.Network.WebCIDRs, arvan.CDNRanges)
	if at < 0 || cfg.Edge.ThroughCDN() {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("network", "webCidrs").Index(at), arvan.CDNRanges,
		`are the ranges of the CDN, which "edge.mode: dns" and "vip" leave out: list those that users come from`)}
}

// takeRanges puts the CDN's ranges, as ArvanCloud publishes them today, where the stack file says so, and returns them: what has changed
// in them shows in the preview. A list that cannot be had, or that has lost most of what it held, changes nothing.
func takeRanges(ctx *pulumi.Context, cfg *Config, cloud *providers.Provider, last []string) ([]string, error) {
	at := slices.Index(cfg.Network.WebCIDRs, arvan.CDNRanges)
	if at < 0 {
		return nil, nil
	}
	var told struct {
		Ranges []string `pulumi:"ranges"`
	}
	problem := ""
	// by its token, as getInventory is
	if err := ctx.Invoke("arvancloud:cdn:getRanges", &struct{}{}, &told, pulumi.Provider(cloud)); err != nil {
		problem = reason(err)
	} else if left := both(last, told.Ranges); left*2 < len(last) {
		problem = fmt.Sprintf("of the %d ranges that the CDN had, today's list has %d", len(last), left)
	}
	if problem != "" && len(last) == 0 {
		return nil, fmt.Errorf("network.webCidrs[%d]: %s. List the ranges themselves instead of %q: they are on https://www.arvancloud.ir/en/ips.txt", at, problem, arvan.CDNRanges)
	}
	if problem != "" {
		told.Ranges = last
		warning := fmt.Sprintf("network.webCidrs[%d]: %s. The workers go on to take those of the last update; requests from ranges that the CDN has got since time out", at, problem)
		if err := ctx.Log.Warn(warning, nil); err != nil {
			return nil, err
		}
	}
	all := slices.DeleteFunc(slices.Clone(cfg.Network.WebCIDRs), func(each string) bool { return each == arvan.CDNRanges })
	all = append(all, told.Ranges...)
	slices.Sort(all)
	cfg.Network.WebCIDRs = slices.Compact(all)
	return told.Ranges, nil
}

// both is how many texts are in both lists.
func both(a, b []string) int {
	count := 0
	for _, each := range a {
		if slices.Contains(b, each) {
			count++
		}
	}
	return count
}
