// Command check-image tries whether an image keeps the contract between the platform and its application: docs/your-exchange.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/sandbox/contract"
)

// errBroken is the failure of an image: the results have said why.
var errBroken = errors.New("the image breaks the contract")

type options struct {
	root, workdir, chart string
	folders              map[string]string
	env, only            []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var o options
	command := &cobra.Command{
		Use:   "check-image (IMAGE | ARCHIVE.tar | --root FOLDER)",
		Short: "Try whether an image keeps the platform's contract with its application (docs/your-exchange.md)",
		Args: func(_ *cobra.Command, args []string) error {
			if (len(args) == 1) == (o.root != "") || len(args) > 1 {
				return errors.New("name one image or archive, or --root")
			}
			return nil
		},
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), &o, args) },
	}
	flags := command.Flags()
	flags.StringVar(&o.root, "root", "", "a folder that holds what the image would")
	flags.StringVar(&o.workdir, "workdir", "/app", "the working directory in --root")
	flags.StringToStringVar(&o.folders, "folder", nil, "a folder that lies elsewhere than in --root: /app=FOLDER")
	flags.StringArrayVar(&o.env, "env", nil, "a variable of the image: NAME=VALUE")
	flags.StringVar(&o.chart, "chart", "charts/exchange", "the folder of the exchange's chart")
	flags.StringSliceVar(&o.only, "only", nil, "only these checks")
	if err := command.ExecuteContext(ctx); err != nil {
		if !errors.Is(err, errBroken) {
			fmt.Fprintln(os.Stderr, "error:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options, args []string) (err error) {
	dir, err := os.MkdirTemp("", "check-image-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, removeAll(dir)) }()
	// other users' programs have to get through
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	image := &contract.Image{Root: o.root, WorkingDir: o.workdir, Env: o.env, Folders: map[string]string{}}
	for inside, here := range o.folders {
		if image.Folders[inside], err = filepath.Abs(here); err != nil {
			return err
		}
	}
	if o.root == "" {
		if image, err = unpack(ctx, args[0], dir); err != nil {
			return err
		}
	}
	started, broken, count := time.Now(), 0, 0
	if err := contract.Try(ctx, image, o.chart, dir, func(result contract.Result) {
		count++
		switch {
		case result.Err == nil:
			fmt.Printf("ok      %-14s %s\n", result.Name, result.Point)
			return
		case result.Failed():
			broken++
			fmt.Printf("BROKEN  %-14s %s\n", result.Name, result.Point)
		default:
			fmt.Printf("advice  %-14s %s\n", result.Name, result.Point)
		}
		fmt.Println("        " + strings.ReplaceAll(result.Err.Error(), "\n", "\n        "))
	}, o.only...); err != nil {
		return err
	}
	fmt.Printf("%d of %d points broken, after %s\n", broken, count, time.Since(started).Round(time.Second))
	if os.Geteuid() != 0 {
		fmt.Println("Not tried: whether user 10001 may read the image's files; only root can give them the owners that they have in the image.")
	}
	if broken > 0 {
		return errBroken
	}
	return nil
}

// unpack gets the image from a file, or with the first engine that is there.
func unpack(ctx context.Context, name, dir string) (*contract.Image, error) {
	archive, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(archive); err != nil || !info.Mode().IsRegular() {
		archive = filepath.Join(dir, "image.tar")
		if err := save(ctx, name, archive); err != nil {
			return nil, err
		}
	}
	return contract.Unpack(archive, filepath.Join(dir, "root"))
}

// save lets an engine pull the image, unless it has it, and write it into a file.
func save(ctx context.Context, name, archive string) error {
	engines := []string{"docker", "podman", "ctr"}
	found := slices.IndexFunc(engines, func(engine string) bool { _, err := exec.LookPath(engine); return err == nil })
	if found < 0 {
		return fmt.Errorf("%s is no file, and there is none of %s to pull it; save it elsewhere (docker save --output image.tar %s) and name the file",
			name, strings.Join(engines, ", "), name)
	}
	engine := engines[found]
	saving := []string{"image", "save", "--output", archive, name}
	inspecting, pulling := []string{"image", "inspect", name}, []string{"image", "pull", name}
	if engine == "ctr" {
		inspecting, pulling, saving = []string{"images", "inspect", name}, []string{"images", "pull", name}, []string{"images", "export", archive, name}
	}
	if exec.CommandContext(ctx, engine, inspecting...).Run() != nil {
		fmt.Println(engine, strings.Join(pulling, " "))
		if output, err := exec.CommandContext(ctx, engine, pulling...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s %s: %w: %s", engine, strings.Join(pulling, " "), err, output)
		}
	}
	if output, err := exec.CommandContext(ctx, engine, saving...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", engine, strings.Join(saving, " "), err, output)
	}
	return nil
}

// removeAll also removes folders of an image that nobody may write to.
func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err == nil {
		return nil
	}
	_ = filepath.WalkDir(dir, func(name string, entry os.DirEntry, _ error) error {
		if entry != nil && entry.IsDir() {
			return os.Chmod(name, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
