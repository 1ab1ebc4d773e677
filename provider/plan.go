package provider

import (
	"github.com/pulumi/pulumi-go-provider/infer"
)

// GetPlan is the function arvancloud:iaas:getPlan.
type GetPlan struct{}

// GetPlanArgs tell which plan to find.
type GetPlanArgs struct {
	Zone string `pulumi:"zone,optional"`
	ID   string `pulumi:"planId"`
}

// GetPlanResult is the plan found.
type GetPlanResult struct {
	ID            string  `pulumi:"planId"`
	Zone          string  `pulumi:"zone"`
	Name          string  `pulumi:"name"`
	CPUs          int     `pulumi:"cpus"`
	Memory        float64 `pulumi:"memory"`
	DiskSize      int     `pulumi:"diskSize"`
	PricePerHour  float64 `pulumi:"pricePerHour"`
	PricePerMonth float64 `pulumi:"pricePerMonth"`
}

// Annotate describes the function in the schema.
func (f *GetPlan) Annotate(a infer.Annotator) {
	a.SetToken(moduleIaaS, "getPlan")
	a.Describe(&f, "Finds a plan (size) of servers in a zone and tells what it holds and costs.")
}

// Annotate describes the arguments in the schema.
func (s *GetPlanArgs) Annotate(a infer.Annotator) {
	a.Describe(&s.Zone, describeZone)
	a.Describe(&s.ID, "Id of the plan, for example g2-4-2-0.")
}

// Annotate describes the result in the schema.
func (s *GetPlanResult) Annotate(a infer.Annotator) {
	a.Describe(&s.ID, "Id of the plan, as a Server takes it.")
	a.Describe(&s.Zone, "Zone the plan is in.")
	a.Describe(&s.Name, "Name of the plan.")
	a.Describe(&s.CPUs, "Number of virtual CPUs.")
	a.Describe(&s.Memory, "Memory in GB.")
	a.Describe(&s.DiskSize, "Disk in GB.")
	a.Describe(&s.PricePerHour, "Price of an hour in rials.")
	a.Describe(&s.PricePerMonth, "Price of a month in rials.")
}
