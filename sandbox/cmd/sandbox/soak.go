package main

import (
	"math/rand/v2"
	"os"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/sandbox/soak"
	"github.com/iransre/exchange-platform/sandbox/workspace"
)

// soakCommand kills updates at random moments.
func soakCommand() *cobra.Command {
	var options soak.Options
	command := &cobra.Command{
		Use:   "soak STACK",
		Short: "Kill updates of a new stack at random moments, and see that the next ones end well; then destroy it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, given []string) error {
			w, err := workspace.Open()
			if err != nil {
				return err
			}
			if options.Program, err = os.Executable(); err != nil {
				return err
			}
			options.Stack, options.Out = given[0], cmd.OutOrStdout()
			if options.Seed == 0 {
				options.Seed = rand.Uint64()
			}
			return soak.Run(cmd.Context(), w, options)
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.Machines, "machines", "", "their kind, light or real, while the sandbox has none")
	flags.IntVar(&options.Kills, "kills", 50, "how many updates are killed")
	flags.IntVar(&options.Each, "each", 1, "how many in a row, before the stack must come to its end")
	flags.Uint64Var(&options.Seed, "seed", 0, "decides the moments; another one each time if it is not given")
	return command
}
