package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/iransre/exchange-platform/sandbox/workspace"
	"github.com/iransre/exchange-platform/sandbox/world"
)

// etcdCommand rehearses the loss of etcd and its restore from a backup.
func etcdCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "etcd",
		Short: "Rehearse the loss of etcd, and its restore from a backup",
		Long: `Rehearse the loss of etcd, and its restore from a backup, with the commands of docs/etcd.md.

The sandbox has one etcd, which all control planes share; what is lost and restored here is all of the cluster's data.`,
		Example: `  ./scripts/sandbox etcd backups
  ./scripts/sandbox etcd lose
  ./scripts/sandbox etcd restore`,
	}
	command.AddCommand(
		&cobra.Command{
			Use: "backups", Short: "List the backups in the object storage, oldest first", Args: cobra.NoArgs,
			RunE: inWorkspace(func(_ context.Context, w *workspace.Workspace, _ []string, out io.Writer) error {
				names, err := backups(w)
				for _, name := range names {
					fmt.Fprintln(out, name)
				}
				return err
			}),
		},
		&cobra.Command{
			Use: "lose", Short: "Stop the control plane and take etcd's data away", Args: cobra.NoArgs,
			RunE: inWorkspace(func(ctx context.Context, w *workspace.Workspace, _ []string, out io.Writer) error {
				if err := world.LoseEtcd(ctx, w); err != nil {
					return err
				}
				fmt.Fprintln(out, "etcd has lost its data, and the API server is down; ./scripts/sandbox etcd restore brings it back")
				return nil
			}),
		},
		&cobra.Command{
			Use: "restore [BACKUP]", Short: "Restore etcd from a backup, by default the newest", Args: cobra.MaximumNArgs(1),
			RunE: inWorkspace(restoreEtcd),
		},
	)
	return command
}

func inWorkspace(do func(context.Context, *workspace.Workspace, []string, io.Writer) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, given []string) error {
		w, err := workspace.Open()
		if err != nil {
			return err
		}
		return do(cmd.Context(), w, given, cmd.OutOrStdout())
	}
}

// backups are the names of the backups in the storage, oldest first. They end with the time.
func backups(w *workspace.Workspace) ([]string, error) {
	folder := w.Path("storage", workspace.BackupBucket)
	var names []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".tar.cms") {
			names = append(names, strings.TrimPrefix(path, folder+"/"))
		}
		return err
	})
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	return names, err
}

// restoreEtcd opens a backup and hands the snapshot in it to the world, showing each command.
func restoreEtcd(ctx context.Context, w *workspace.Workspace, given []string, out io.Writer) error {
	names, err := backups(w)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no backup in %s: only a stack with kubernetes.etcdBackup makes any, for example prod", w.StorageURL())
	}
	name := names[len(names)-1]
	if len(given) == 1 {
		name = given[0]
	}
	folder, err := os.MkdirTemp("", "etcd-restore-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	backup := filepath.Join(w.Path("storage", workspace.BackupBucket), name)
	for _, command := range [][]string{
		{"openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", backup, "-inkey", w.BackupKey(), "-out", filepath.Join(folder, "backup.tar")},
		{"tar", "-xf", filepath.Join(folder, "backup.tar"), "-C", folder},
		{w.Binary("kube"), "etcdutl", "snapshot", "status", filepath.Join(folder, "snapshot.db"), "-w", "table"},
	} {
		fmt.Fprintln(out, "$", strings.Join(command, " "))
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Stdout, cmd.Stderr = out, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("open the backup %s: %s: %w", name, command[0], err)
		}
	}
	fmt.Fprintln(out, "stopping the control plane, etcdutl snapshot restore --bump-revision 1000000000 --mark-compacted, starting it again")
	if err := world.RestoreEtcd(ctx, w, filepath.Join(folder, "snapshot.db")); err != nil {
		return err
	}
	fmt.Fprintf(out, "etcd is as it was in %s; `pulumi up --refresh` makes again what is newer\n", name)
	return nil
}
