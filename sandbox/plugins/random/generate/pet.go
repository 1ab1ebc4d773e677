package generate

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// The words of pet names: some adverbs, then an adjective, then an animal.
var (
	petAdverbs    = strings.Fields("boldly brightly calmly deeply evenly fairly gladly highly kindly mainly nicely openly")
	petAdjectives = strings.Fields("able brave calm clever eager fair gentle happy keen lively merry noble proud quick wise")
	petAnimals    = strings.Fields("badger bear crane deer eagle falcon fox heron ibex lynx otter owl robin seal swan wolf")
)

// Pet is a name that people can say.
type Pet struct{}

// PetArgs are its inputs.
type PetArgs struct {
	Kept
	Length    *int    `pulumi:"length,optional"`
	Prefix    *string `pulumi:"prefix,optional"`
	Separator *string `pulumi:"separator,optional"`
}

// PetState is its state: the name is the id.
type PetState struct{ PetArgs }

// Annotate sets the token.
func (r *Pet) Annotate(a infer.Annotator) { setToken(a, "Pet") }

func (a PetArgs) withDefaults() PetArgs {
	if a.Length == nil {
		length := 2
		a.Length = &length
	}
	if a.Separator == nil {
		separator := "-"
		a.Separator = &separator
	}
	return a
}

// Diff asks for a replacement on every change.
func (*Pet) Diff(_ context.Context, req infer.DiffRequest[PetArgs, PetState]) (infer.DiffResponse, error) {
	return replaceOn(req.State.withDefaults(), req.Inputs.withDefaults()), nil
}

// Create draws the name.
func (*Pet) Create(_ context.Context, req infer.CreateRequest[PetArgs]) (infer.CreateResponse[PetState], error) {
	args := req.Inputs.withDefaults()
	response := infer.CreateResponse[PetState]{Output: PetState{args}}
	if req.DryRun {
		return response, nil
	}
	if *args.Length < 1 {
		return response, fmt.Errorf("the length must be at least 1, got: %d", *args.Length)
	}
	var words []string
	if args.Prefix != nil {
		words = append(words, *args.Prefix)
	}
	for left := *args.Length; left > 0; left-- {
		list := petAdverbs
		switch left {
		case 1:
			list = petAnimals
		case 2:
			list = petAdjectives
		}
		n, err := below(len(list))
		if err != nil {
			return response, err
		}
		words = append(words, list[n])
	}
	response.ID = strings.Join(words, *args.Separator)
	return response, nil
}
