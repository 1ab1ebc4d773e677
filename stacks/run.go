package stacks

import (
	"errors"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/common/constant"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// errSaid ends a program whose user has been told why.
var errSaid = errors.New("the reason has been logged")

// Run runs Deploy as the program of `pulumi up`. It is pulumi.Run but for what the user reads: the error itself, without
// the frame "an unhandled error occurred: program failed".
func Run() {
	err := pulumi.RunErr(func(ctx *pulumi.Context) error {
		err := Deploy(ctx)
		if err == nil {
			return nil
		}
		return errors.Join(errSaid, ctx.Log.Error(err.Error(), nil))
	})
	if err == nil {
		return
	}
	if !errors.Is(err, errSaid) {
		fmt.Fprintln(os.Stderr, "error:", err)
	}
	os.Exit(constant.ExitStatusLoggedError)
}
