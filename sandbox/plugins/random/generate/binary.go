package generate

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"

	"github.com/google/uuid"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// randomBytes reads count bytes of randomness.
func randomBytes(count int) ([]byte, error) {
	if count < 1 {
		return nil, fmt.Errorf("the length must be at least 1, got: %d", count)
	}
	bytes := make([]byte, count)
	if _, err := rand.Read(bytes); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	return bytes, nil
}

// Bytes are secret bytes, a key for example.
type Bytes struct{}

// BytesArgs are its inputs.
type BytesArgs struct {
	Kept
	Length int `pulumi:"length"`
}

// BytesState is its state.
type BytesState struct {
	BytesArgs
	Base64 string `pulumi:"base64" provider:"secret"`
	Hex    string `pulumi:"hex"    provider:"secret"`
}

// Annotate sets the token.
func (r *Bytes) Annotate(a infer.Annotator) { setToken(a, "Bytes") }

// WireDependencies marks what is secret.
func (*Bytes) WireDependencies(f infer.FieldSelector, _ *BytesArgs, state *BytesState) {
	f.OutputField(&state.Base64).AlwaysSecret()
	f.OutputField(&state.Hex).AlwaysSecret()
}

// Diff asks for a replacement on every change.
func (*Bytes) Diff(_ context.Context, req infer.DiffRequest[BytesArgs, BytesState]) (infer.DiffResponse, error) {
	return replaceOn(req.State.BytesArgs, req.Inputs), nil
}

// Create draws the bytes. Their id tells them, as that of the official provider does.
func (*Bytes) Create(
	_ context.Context, req infer.CreateRequest[BytesArgs],
) (infer.CreateResponse[BytesState], error) {
	response := infer.CreateResponse[BytesState]{Output: BytesState{BytesArgs: req.Inputs}}
	if req.DryRun {
		return response, nil
	}
	bytes, err := randomBytes(req.Inputs.Length)
	if err != nil {
		return response, err
	}
	response.Output.Base64 = base64.StdEncoding.EncodeToString(bytes)
	response.Output.Hex = hex.EncodeToString(bytes)
	response.ID = response.Output.Base64
	return response, nil
}

// ID is a random id in several notations.
type ID struct{}

// IDArgs are its inputs.
type IDArgs struct {
	Kept
	ByteLength int     `pulumi:"byteLength"`
	Prefix     *string `pulumi:"prefix,optional"`
}

// IDState is its state.
type IDState struct {
	IDArgs
	B64URL string `pulumi:"b64Url"`
	B64Std string `pulumi:"b64Std"`
	Hex    string `pulumi:"hex"`
	Dec    string `pulumi:"dec"`
}

// Annotate sets the token.
func (r *ID) Annotate(a infer.Annotator) { setToken(a, "Id") }

// Diff asks for a replacement on every change.
func (*ID) Diff(_ context.Context, req infer.DiffRequest[IDArgs, IDState]) (infer.DiffResponse, error) {
	return replaceOn(req.State.IDArgs, req.Inputs), nil
}

// Create draws the id.
func (*ID) Create(_ context.Context, req infer.CreateRequest[IDArgs]) (infer.CreateResponse[IDState], error) {
	response := infer.CreateResponse[IDState]{Output: IDState{IDArgs: req.Inputs}}
	if req.DryRun {
		return response, nil
	}
	bytes, err := randomBytes(req.Inputs.ByteLength)
	if err != nil {
		return response, err
	}
	prefix := ""
	if req.Inputs.Prefix != nil {
		prefix = *req.Inputs.Prefix
	}
	response.ID = base64.RawURLEncoding.EncodeToString(bytes)
	response.Output.B64URL = prefix + response.ID
	response.Output.B64Std = prefix + base64.StdEncoding.EncodeToString(bytes)
	response.Output.Hex = prefix + hex.EncodeToString(bytes)
	response.Output.Dec = prefix + new(big.Int).SetBytes(bytes).String()
	return response, nil
}

// UUID is a random UUID.
type UUID struct{}

// UUIDState is its state.
type UUIDState struct {
	Kept
	Result string `pulumi:"result"`
}

// Annotate sets the token.
func (r *UUID) Annotate(a infer.Annotator) { setToken(a, "Uuid") }

// Diff asks for a replacement on every change.
func (*UUID) Diff(_ context.Context, req infer.DiffRequest[Kept, UUIDState]) (infer.DiffResponse, error) {
	return replaceOn(req.State.Kept, req.Inputs), nil
}

// Create draws the UUID, which is its own id.
func (*UUID) Create(_ context.Context, req infer.CreateRequest[Kept]) (infer.CreateResponse[UUIDState], error) {
	response := infer.CreateResponse[UUIDState]{Output: UUIDState{Kept: req.Inputs}}
	if req.DryRun {
		return response, nil
	}
	id, err := uuid.NewRandom()
	response.ID, response.Output.Result = id.String(), id.String()
	return response, err
}
