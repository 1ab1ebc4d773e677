package emulator

import "net/http"

// Variants chooses between behaviours on which the descriptions of the API disagree. A client should survive all of them.
type Variants struct {
	// CreateServerStatus is 201 (2022 description, the default) or 200 (2023 and later).
	CreateServerStatus int `json:"createServerStatus"`
	// MissingServerStatus answers a read of a server that does not exist: 404 (default), 400 or 500.
	MissingServerStatus int `json:"missingServerStatus"`
	// SubnetReplyWithoutData answers the creation of a network with a message only (2023 description).
	SubnetReplyWithoutData bool `json:"subnetReplyWithoutData"`
	// GroupsWithEgress gives new security groups the two egress rules that Neutron makes.
	GroupsWithEgress bool `json:"groupsWithEgress"`
	// ResizeRunning allows to resize a server that is not off; nobody documents whether the real API does.
	ResizeRunning bool `json:"resizeRunning"`
	// DetachByPortOnly refuses the network id in PATCH /networks/{id}/detach (2022 description).
	DetachByPortOnly bool `json:"detachByPortOnly"`
	// SSHKeyDeleteByPostOnly refuses DELETE /ssh-keys/{name} (2023 description).
	SSHKeyDeleteByPostOnly bool `json:"sshKeyDeleteByPostOnly"`
	// ReadOnlyAsString writes "" for the readonly field of security groups (2022) instead of a boolean.
	ReadOnlyAsString bool `json:"readOnlyAsString"`
	// NoVolumeRevert refuses to put a volume back to what a snapshot of it holds (2023 description: not yet possible).
	NoVolumeRevert bool `json:"noVolumeRevert"`
	// PlanGates refuses changes of the CDN that the domain's plan does not cover, with 405 and required_plan. Which plan a feature
	// needs is our guess.
	PlanGates bool `json:"planGates"`
	// DelegatedDomains lets the registry of every domain point at its name servers, so that a check of them makes it active.
	DelegatedDomains bool `json:"delegatedDomains"`
}

func (v Variants) withDefaults() Variants {
	if v.CreateServerStatus == 0 {
		v.CreateServerStatus = http.StatusCreated
	}
	if v.MissingServerStatus == 0 {
		v.MissingServerStatus = http.StatusNotFound
	}
	return v
}
