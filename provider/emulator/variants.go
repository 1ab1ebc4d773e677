package emulator

import (
	"maps"
	"net/http"
	"slices"
)

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
	// ActionStatus answers every v1 call that changes something and returns no data with this status: 200 or 202. 0 answers each as it
	// is documented; the descriptions of 2022 and 2023 have other statuses for the same action.
	ActionStatus int `json:"actionStatus"`
	// ErrorForm is how v1 writes validation errors: "fields" (texts by field, the default), "list" (2022) or "nested" (2026, a list of
	// lists).
	ErrorForm string `json:"errorForm"`
	// OlderGroups shows security groups as of 2022: with their rules inside of servers, and the default group's name like its real
	// name.
	OlderGroups bool `json:"olderGroups"`
	// IPVersionAsNumber writes the ip_version of subnets as a number (2022) instead of a text.
	IPVersionAsNumber bool `json:"ipVersionAsNumber"`
	// TagIDsAsNumbers gives new tags a number as id (2022) instead of a text.
	TagIDsAsNumbers bool `json:"tagIdsAsNumbers"`
	// TagAttachMethod allows one method only to attach a tag: POST (2022) or PUT (2023); empty allows both.
	TagAttachMethod string `json:"tagAttachMethod"`
	// FloatingIPDetach allows one way only to detach a floating address: "port" (the descriptions) or "id" (the official command
	// line); empty allows both.
	FloatingIPDetach string `json:"floatingIpDetach"`
	// ListsOnly knows no GET of one volume (2023 and later) and of one network (before 2026).
	ListsOnly bool `json:"listsOnly"`
	// VolumesGoWithServer deletes the volumes that are attached to a server together with it; nobody documents what happens to them.
	VolumesGoWithServer bool `json:"volumesGoWithServer"`
	// NoVolumeRevert refuses to put a volume back to what a snapshot of it holds (2023 description: not yet possible).
	NoVolumeRevert bool `json:"noVolumeRevert"`
	// PlanGates refuses changes of the CDN that the domain's plan does not cover, with 405 and required_plan. Which plan a feature
	// needs is our guess.
	PlanGates bool `json:"planGates"`
	// TerraformProvider serves ArvanCloud's own provider for Terraform (v0.6.4 of 2023, the last whose source is public): the zones that
	// it knows, its calls, and replies in the forms that it decodes. See terraform.go.
	TerraformProvider bool `json:"terraformProvider"`
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
	if v.ErrorForm == "" {
		v.ErrorForm = "fields"
	}
	return v
}

// dress changes how a v1 reply is written.
func (v Variants) dress(method string, r reply) reply {
	changes := method != http.MethodGet && r.body["data"] == nil
	if changes && v.ActionStatus != 0 && (r.status == http.StatusOK || r.status == http.StatusAccepted) {
		r.status = v.ActionStatus
	}
	errors, isValidation := r.body["errors"].(fieldErrors)
	if !isValidation || v.ErrorForm == "fields" {
		return r
	}
	list, nested := []string{}, [][]string{}
	for _, field := range slices.Sorted(maps.Keys(errors)) {
		list, nested = append(list, errors[field]...), append(nested, errors[field])
	}
	r.body = maps.Clone(r.body)
	r.body["errors"] = nested
	if v.ErrorForm == "list" {
		r.body["errors"] = list
	}
	return r
}
