package resource

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/middleware/schema"
	pulumischema "github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// Function is a function of the provider. I are the arguments, O is the result.
type Function[I, O any] struct {
	// Type is the token behind the package's name, "iaas:getPlan".
	Type  string
	About string // the description in the schema
	Call  func(ctx context.Context, s *Session, arguments I) (O, error)
}

// Lookup is something that can be a row of the provider's table of functions.
type Lookup interface{ Inferred() infer.InferredFunction }

// Inferred is the function as inference takes it.
func (f *Function[I, O]) Inferred() infer.InferredFunction {
	return &describedFunction{
		InferredFunction: infer.Function(&invocation[I, O]{f}),
		token:            tokens.Type(Package + ":" + f.Type),
		description:      f.About,
		inputs:           docs[I](),
		outputs:          docs[O](),
	}
}

// invocation is a function whose method is that of a Pulumi function.
type invocation[I, O any] struct{ function *Function[I, O] }

// Invoke calls the function.
func (i *invocation[I, O]) Invoke(ctx context.Context, request infer.FunctionRequest[I]) (infer.FunctionResponse[O], error) {
	result, err := i.function.Call(ctx, SessionOf(ctx), request.Input)
	return infer.FunctionResponse[O]{Output: result}, err
}

// describedFunction is a function of inference with its token and its descriptions.
type describedFunction struct {
	infer.InferredFunction
	token           tokens.Type
	description     string
	inputs, outputs map[string]string
}

// GetToken is the token.
func (f *describedFunction) GetToken() (tokens.Type, error) { return f.token, nil }

// GetSchema is the schema with the descriptions.
func (f *describedFunction) GetSchema(register schema.RegisterDerivativeType) (pulumischema.FunctionSpec, error) {
	spec, err := f.InferredFunction.GetSchema(register)
	spec.Description = f.description
	if spec.Inputs != nil {
		describe(spec.Inputs.Properties, f.inputs)
	}
	if spec.Outputs != nil {
		describe(spec.Outputs.Properties, f.outputs)
	}
	return spec, err
}
