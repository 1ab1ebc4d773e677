package chart

// Copies are the labels of volumes' claims whose workload has no quorum: each of its members has all of it, so that a worker may leave as
// long as one member is Ready elsewhere. The cluster's runner reads them (runner/cluster_runner/local_data.py).
func Copies() map[string]any { return map[string]any{"exchange-platform/holds": "copy"} }
