package provider

// describeZone describes the input zone of every zonal resource and function.
const describeZone = "Availability zone, for example ir-thr-ba1. Default: the zone of the provider's configuration."

// ttlList is the list of values that the API takes for the time to live of a DNS record.
const ttlList = "120, 180, 300, 600, 900, 1800, 3600, 7200, 18000, 43200, 86400, 172800 or 432000"
