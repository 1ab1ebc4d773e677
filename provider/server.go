package provider

import (
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Server is the resource arvancloud:iaas:Server: a virtual machine.
type Server struct{}

// ServerArgs are the inputs of a Server.
type ServerArgs struct {
	Zone                string          `pulumi:"zone,optional" provider:"replaceOnChanges"`
	Name                string          `pulumi:"name"`
	PlanID              string          `pulumi:"planId"`
	ImageID             string          `pulumi:"imageId" provider:"replaceOnChanges"`
	ImageName           string          `pulumi:"imageName,optional" provider:"replaceOnChanges"`
	DiskSize            int             `pulumi:"diskSize,optional"`
	SSHKeyName          string          `pulumi:"sshKeyName,optional" provider:"replaceOnChanges"`
	InitScript          string          `pulumi:"initScript,optional" provider:"secret,replaceOnChanges"`
	SecurityGroupIDs    []string        `pulumi:"securityGroupIds,optional"`
	Networks            []ServerNetwork `pulumi:"networks,optional"`
	EnablePublicAddress *bool           `pulumi:"enablePublicAddress,optional"`
	ServerGroupID       string          `pulumi:"serverGroupId,optional" provider:"replaceOnChanges"`
	PowerState          string          `pulumi:"powerState,optional"`
}

// ServerState is what is known of a Server.
type ServerState struct {
	ServerArgs
	Zone             string            `pulumi:"zone" provider:"replaceOnChanges"`
	DiskSize         int               `pulumi:"diskSize"`
	ServerID         string            `pulumi:"serverId"`
	Status           string            `pulumi:"status"`
	PublicAddress    string            `pulumi:"publicAddress"`
	PrivateAddress   string            `pulumi:"privateAddress"`
	PrivateAddresses map[string]string `pulumi:"privateAddresses"`
	RootPassword     string            `pulumi:"rootPassword" provider:"secret"`
	PricePerHour     float64           `pulumi:"pricePerHour"`
	PricePerMonth    float64           `pulumi:"pricePerMonth"`
}

// ServerNetwork attaches a server to a private network.
type ServerNetwork struct {
	NetworkID string `pulumi:"networkId"`
	Address   string `pulumi:"address,optional"`
}

// Annotate describes the resource in the schema.
func (s *Server) Annotate(a infer.Annotator) {
	a.SetToken(moduleIaaS, "Server")
	a.Describe(&s, documented("A virtual machine. It counts as created when it runs, is attached to its networks and has its addresses.",
		formServer, "iaas:Server", `
		name: worker-1
		planId: g2-4-2-0
		imageId: ${image.imageId}
		sshKeyName: ${key.name}
		securityGroupIds: ["${group.securityGroupId}"]
		networks: [{networkId: "${network.networkId}"}]`))
}

// Annotate describes the inputs in the schema.
func (s *ServerArgs) Annotate(a infer.Annotator) {
	a.Describe(&s.Zone, describeZone)
	a.Describe(&s.Name, "Name of the server and, until the init script changes it, its host name.")
	a.Describe(&s.PlanID, "Plan (size) of the server, for example g2-4-2-0; see getPlan. A change stops, resizes and starts the server.")
	a.Describe(&s.ImageID, "Id of the image to boot. Ids differ per zone; see getImage.")
	a.Describe(&s.ImageName, "What the image is called, in words of your own; it is only kept. ArvanCloud gives a release of a distribution a new id "+
		"with each build of it: a program that ignores changes of imageId (ignoreChanges) replaces the server by changing its name.")
	a.Describe(&s.DiskSize, "Size of the root disk in GB, at least 25. It can grow but not shrink. Default: the plan's, or 25.")
	a.Describe(&s.SSHKeyName, "Name of the SSH key that may log in at first.")
	a.Describe(&s.InitScript, "What cloud-init runs at the first boot: a cloud-config or a script. Always a secret.")
	a.Describe(&s.SecurityGroupIDs, "Ids of the security groups. Default: the zone's default group.")
	a.Describe(&s.Networks, "Private networks to attach, in this order.")
	a.Describe(&s.EnablePublicAddress, "Whether the server has a public IPv4 address. Default true.")
	a.Describe(&s.ServerGroupID, "Id of the server group that the server joins (output serverGroupId of a ServerGroup).")
	a.Describe(&s.PowerState, "\"on\" (default) or \"off\".")
}

// Annotate describes the outputs in the schema.
func (s *ServerState) Annotate(a infer.Annotator) {
	a.Describe(&s.ServerID, "Id of the server.")
	a.Describe(&s.Status, "State of the server: ACTIVE, SHUTOFF, ERROR, …")
	a.Describe(&s.PublicAddress, "Public IPv4 address; empty when the server has none.")
	a.Describe(&s.PrivateAddress, "Address in the first of the networks; empty when there is none.")
	a.Describe(&s.PrivateAddresses, "Address in each of the networks, by network id.")
	a.Describe(&s.RootPassword, "Password that root was given at the creation, when no SSH key was; ArvanCloud tells it only once. Else empty.")
	a.Describe(&s.PricePerHour, "Price of an hour in rials, of the plan alone; 0 when not told.")
	a.Describe(&s.PricePerMonth, "Price of a month in rials, of the plan alone; 0 when not told.")
}

// Annotate describes the type in the schema.
func (n *ServerNetwork) Annotate(a infer.Annotator) {
	a.SetToken(moduleIaaS, "ServerNetwork")
	a.Describe(&n.NetworkID, "Id of the private network (output networkId of a Network).")
	a.Describe(&n.Address, "Address that the server is to have in it. Default: ArvanCloud picks a free one.")
}
