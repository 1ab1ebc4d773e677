package provider

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
)

func (*SSHKey) Create(context.Context, infer.CreateRequest[SSHKeyArgs]) (r infer.CreateResponse[SSHKeyState], err error) {
	return
}
func (*Network) Create(context.Context, infer.CreateRequest[NetworkArgs]) (r infer.CreateResponse[NetworkState], err error) {
	return
}
func (*SecurityGroup) Create(context.Context, infer.CreateRequest[SecurityGroupArgs]) (r infer.CreateResponse[SecurityGroupState], err error) {
	return
}
func (*Server) Create(context.Context, infer.CreateRequest[ServerArgs]) (r infer.CreateResponse[ServerState], err error) {
	return
}
func (*DNSRecord) Create(context.Context, infer.CreateRequest[DNSRecordArgs]) (r infer.CreateResponse[DNSRecordState], err error) {
	return
}
func (*GetImage) Invoke(context.Context, infer.FunctionRequest[GetImageArgs]) (r infer.FunctionResponse[GetImageResult], err error) {
	return
}
func (*GetPlan) Invoke(context.Context, infer.FunctionRequest[GetPlanArgs]) (r infer.FunctionResponse[GetPlanResult], err error) {
	return
}
