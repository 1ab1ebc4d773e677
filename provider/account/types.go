package account

import (
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// GetZonesArgs are the arguments of getZones: none.
type GetZonesArgs struct{}

// GetZonesResult is what getZones tells.
type GetZonesResult struct {
	Zones []ZoneInfo `pulumi:"zones" doc:"The zones, by code."`
}

// ZoneInfo is an availability zone.
type ZoneInfo struct {
	Code    string `pulumi:"code" doc:"Code of the zone, as resources take it."`
	Name    string `pulumi:"name" doc:"Name of the data centre."`
	City    string `pulumi:"city" doc:"City of the data centre."`
	Country string `pulumi:"country" doc:"Country of the data centre."`
	Open    bool   `pulumi:"open" doc:"Whether servers can be made there."`
}

// ZoneArgs are the arguments of the functions that tell of a zone.
type ZoneArgs struct {
	Zone string `pulumi:"zone,optional" doc:"Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."`
}

// GetPlansResult is what getPlans tells.
type GetPlansResult struct {
	Zone  string     `pulumi:"zone" doc:"Zone of the plans."`
	Plans []PlanInfo `pulumi:"plans" doc:"The plans, the cheapest first."`
}

// PlanInfo is a size of servers.
type PlanInfo struct {
	ID            string  `pulumi:"planId" doc:"Id of the plan, as a Server takes it."`
	Name          string  `pulumi:"name" doc:"Name of the plan."`
	CPUs          int     `pulumi:"cpus" doc:"Number of virtual CPUs."`
	Memory        float64 `pulumi:"memory" doc:"Memory in GB."`
	DiskSize      int     `pulumi:"diskSize" doc:"Disk in GB."`
	PricePerHour  float64 `pulumi:"pricePerHour" doc:"Price of an hour in rials."`
	PricePerMonth float64 `pulumi:"pricePerMonth" doc:"Price of a month in rials."`
}

// GetImagesResult is what getImages tells.
type GetImagesResult struct {
	Zone   string      `pulumi:"zone" doc:"Zone of the images."`
	Images []ImageInfo `pulumi:"images" doc:"The distributions' images, by distribution and version."`
}

// ImageInfo is an image of a distribution.
type ImageInfo struct {
	ID           string `pulumi:"imageId" doc:"Id of the image in this zone, as a Server takes it."`
	Distribution string `pulumi:"distribution" doc:"Distribution of the image."`
	Version      string `pulumi:"version" doc:"Version of the distribution."`
	DiskSize     int    `pulumi:"diskSize" doc:"Smallest root disk in GB that the image fits on; 0 when not told."`
}

// GetNetworksResult is what getNetworks tells.
type GetNetworksResult struct {
	Zone     string        `pulumi:"zone" doc:"Zone of the networks."`
	Networks []NetworkInfo `pulumi:"networks" doc:"The networks, by name."`
}

// NetworkInfo is a network with one of its subnets.
type NetworkInfo struct {
	NetworkID string `pulumi:"networkId" doc:"Id of the network, as servers are attached to it."`
	SubnetID  string `pulumi:"subnetId" doc:"Id of the subnet."`
	Name      string `pulumi:"name" doc:"Name of the network."`
	CIDR      string `pulumi:"cidr" doc:"IPv4 range of the subnet."`
	Public    bool   `pulumi:"public" doc:"Whether it is ArvanCloud's, with public addresses."`
}

// GetQuotaResult is what getQuota tells.
type GetQuotaResult struct {
	Zone  string               `pulumi:"zone" doc:"Zone of the quota."`
	Items map[string]QuotaInfo `pulumi:"items" doc:"Limits and what is used, by the API's names: total_instances, total_cores, total_ram_size (MB), security_groups, …"`
}

// QuotaInfo is one line of a quota.
type QuotaInfo struct {
	Limit     int  `pulumi:"limit" doc:"How much there may be."`
	Unlimited bool `pulumi:"unlimited" doc:"Whether there is no limit."`
	Used      int  `pulumi:"used" doc:"How much there is; 0 when not told."`
}

// GetAccountArgs are the arguments of getAccount: none.
type GetAccountArgs struct{}

// GetAccountResult is what getAccount tells.
type GetAccountResult struct {
	ID   string `pulumi:"accountId" doc:"Id of the account."`
	Name string `pulumi:"name" doc:"Name of the account."`
}

// Annotate describes the type in the schema.
func (s *ZoneInfo) Annotate(a infer.Annotator) { resource.Nested(a, "account:Zone", s) }

// Annotate describes the type in the schema.
func (s *PlanInfo) Annotate(a infer.Annotator) { resource.Nested(a, "account:Plan", s) }

// Annotate describes the type in the schema.
func (s *ImageInfo) Annotate(a infer.Annotator) { resource.Nested(a, "account:Image", s) }

// Annotate describes the type in the schema.
func (s *NetworkInfo) Annotate(a infer.Annotator) { resource.Nested(a, "account:Network", s) }

// Annotate describes the type in the schema.
func (s *QuotaInfo) Annotate(a infer.Annotator) { resource.Nested(a, "account:QuotaItem", s) }
