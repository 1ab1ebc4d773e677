package client

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Account is whose the API key is.
type Account struct {
	ID   Text   `json:"id"`
	Name string `json:"name"`
}

// officialHost serves the products; who the caller is, another host of ArvanCloud tells.
const (
	officialHost = "napi.arvancloud.ir"
	accountHost  = "dejban.arvancloud.ir"
)

// Account tells whose the API key is.
func (c *Client) Account(ctx context.Context) (Account, error) {
	var me struct {
		Account Account `json:"account"`
	}
	asked := call{method: http.MethodGet, path: "/v1/me"}
	if base, err := url.Parse(c.base); err == nil && base.Host == officialHost {
		asked.base = base.Scheme + "://" + accountHost
	}
	return me.Account, c.do(ctx, asked, &me)
}

// Quota is what a zone may hold and what it holds, by the API's names without "max_" and "_used": total_instances,
// total_cores, total_ram_size (MB), total_keypairs, security_groups, …
type Quota map[string]QuotaItem

// QuotaItem is one line of a quota.
type QuotaItem struct {
	Limit     int
	Unlimited bool
	Used      int
}

// Quota reads a zone's quota.
func (c *Client) Quota(ctx context.Context, zone string) (Quota, error) {
	fields, err := get[map[string]json.RawMessage](ctx, c, zonal(zone, "quota"))
	return parseQuota(fields), err
}

// parseQuota pairs limits with what is used. Fields in another form than the known ones are left out.
func parseQuota(fields map[string]json.RawMessage) Quota {
	quota := Quota{}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		name, limits := strings.CutPrefix(field, "max_")
		if !limits {
			continue
		}
		var limit struct {
			Unlimited bool    `json:"unlimited"`
			Value     Integer `json:"value"`
		}
		if json.Unmarshal(fields[field], &limit) != nil {
			continue
		}
		item := QuotaItem{Limit: int(limit.Value), Unlimited: limit.Unlimited}
		for _, used := range []string{name + "_used", "total_" + name + "_used", strings.TrimSuffix(name, "_size") + "_used"} {
			var number Integer
			if content, told := fields[used]; told && json.Unmarshal(content, &number) == nil {
				item.Used = int(number)
				break
			}
		}
		quota[name] = item
	}
	return quota
}

// Price is what something costs.
type Price struct {
	PerHour  Number `json:"price_per_hour"`
	PerMonth Number `json:"price_per_month"`
}

// PriceWithDisk is what a plan costs with a disk of that many GB beside it.
func (c *Client) PriceWithDisk(ctx context.Context, zone, planID string, size int) (Price, error) {
	var price Price
	return price, c.do(ctx, call{method: http.MethodPost, path: zonal(zone, "sizes", planID), body: map[string]int{"volume_size": size},
		harmless: true}, &price)
}
