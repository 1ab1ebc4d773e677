package programs

import (
	"github.com/spf13/cobra"
	"go.etcd.io/etcd/etcdctl/v3/ctlv3"
	"go.etcd.io/etcd/etcdutl/v3/etcdutl"
)

// etcdctl is the real etcdctl, the client of a running etcd.
func etcdctl() int {
	ctlv3.MustStart()
	return 0
}

// newEtcdutlCommand is the real etcdutl, which works on etcd's files: its commands, put together as in its own main package.
func newEtcdutlCommand() *cobra.Command {
	command := &cobra.Command{Use: "etcdutl", Short: "An administrative command line tool for etcd3."}
	command.PersistentFlags().StringVarP(&etcdutl.OutputFormat, "write-out", "w", "simple", "set the output format (fields, json, protobuf, simple, table)")
	command.AddCommand(etcdutl.NewDefragCommand(), etcdutl.NewSnapshotCommand(), etcdutl.NewHashKVCommand(), etcdutl.NewVersionCommand())
	return command
}
