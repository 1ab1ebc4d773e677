package provider

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/iransre/exchange-platform/provider/account"
	"github.com/iransre/exchange-platform/provider/cdn"
	"github.com/iransre/exchange-platform/provider/iaas"
	"github.com/iransre/exchange-platform/provider/internal/resource"
	"github.com/iransre/exchange-platform/provider/networking"
	"github.com/iransre/exchange-platform/provider/protection"
	"github.com/iransre/exchange-platform/provider/storage"
	"github.com/iransre/exchange-platform/provider/tagging"
	"github.com/iransre/exchange-platform/provider/traffic"
)

// resources are all resources. A row says everything about its resource; see resource.Kind.
var resources = []resource.Resource{
	iaas.Server, iaas.ServerGroup, iaas.Network, iaas.SecurityGroup, iaas.SSHKey,
	storage.Volume, storage.VolumeAttachment, storage.Snapshot,
	networking.FloatingIP, networking.FloatingIPAttachment, networking.PtrRecord, networking.PortSecurity,
	tagging.Tag, tagging.ServerTag,
	cdn.Domain, cdn.DNSRecord,
	traffic.HTTPSSettings, traffic.CacheSettings, traffic.PageRule, traffic.LoadBalancer,
	protection.FirewallSettings, protection.FirewallRule, protection.WAFSettings, protection.DDoSSettings, protection.RateLimitRule,
}

// functions are all functions.
var functions = []resource.Lookup{
	iaas.GetImage, iaas.GetPlan, cdn.GetRanges,
	account.GetZones, account.GetPlans, account.GetImages, account.GetNetworks, account.GetQuota, account.GetInventory, account.GetAccount,
}

// table is the rows of the resources by their tokens.
type table map[tokens.Type]resource.Row

func rows() table {
	rows := table{}
	for _, resource := range resources {
		row := resource.Row()
		rows[row.Token] = row
	}
	return rows
}
