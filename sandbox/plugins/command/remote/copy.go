package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pkg/sftp"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// CopyToRemote is a file, a text or a folder copied to another machine.
type CopyToRemote struct{}

// CopyArgs are its inputs.
type CopyArgs struct {
	Connection *Connection          `pulumi:"connection"        provider:"secret"`
	Triggers   *[]any               `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Source     types.AssetOrArchive `pulumi:"source"`
	RemotePath string               `pulumi:"remotePath"`
}

// CopyState is its state.
type CopyState struct{ CopyArgs }

// Check refuses sources that are neither a path nor a text.
func (*CopyToRemote) Check(
	ctx context.Context, req infer.CheckRequest,
) (infer.CheckResponse[CopyArgs], error) {
	inputs, failures, err := infer.DefaultCheck[CopyArgs](ctx, req.NewInputs)
	if err != nil {
		return infer.CheckResponse[CopyArgs]{Inputs: inputs, Failures: failures}, err
	}
	asset, archive := inputs.Source.Asset, inputs.Source.Archive
	var property, reason string
	switch {
	case asset != nil && archive != nil:
		property, reason = "asset", "only one of asset or archive can be set"
	case asset == nil && archive == nil:
		property, reason = "asset", "either asset or archive must be set"
	case asset != nil && !asset.IsPath() && !asset.IsText():
		property, reason = "asset", "asset must be a path-based file asset or a text asset"
	case archive != nil && !archive.IsPath():
		property, reason = "archive", "archive must be a path to a file or directory"
	}
	if reason != "" {
		failures = append(failures, p.CheckFailure{Property: property, Reason: reason})
	}
	return infer.CheckResponse[CopyArgs]{Inputs: inputs, Failures: failures}, nil
}

// Create copies the source.
func (*CopyToRemote) Create(
	ctx context.Context, req infer.CreateRequest[CopyArgs],
) (infer.CreateResponse[CopyState], error) {
	response := infer.CreateResponse[CopyState]{Output: CopyState{req.Inputs}}
	if req.DryRun {
		return response, nil
	}
	err := req.Inputs.copy(ctx)
	if err == nil {
		response.ID, err = resource.NewUniqueHex("", 8, 0)
	}
	return response, err
}

// Update copies the source again if it is another one or goes elsewhere.
func (*CopyToRemote) Update(
	ctx context.Context, req infer.UpdateRequest[CopyArgs, CopyState],
) (infer.UpdateResponse[CopyState], error) {
	response := infer.UpdateResponse[CopyState]{Output: CopyState{req.Inputs}}
	if req.DryRun || (req.Inputs.hash() == req.State.hash() && req.Inputs.RemotePath == req.State.RemotePath) {
		return response, nil
	}
	return response, req.Inputs.copy(ctx)
}

func (a CopyArgs) hash() string {
	if a.Source.Archive != nil {
		return a.Source.Archive.Hash
	}
	return a.Source.Asset.Hash
}

func (a CopyArgs) copy(ctx context.Context) error {
	client, err := a.Connection.Dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	files, err := sftp.NewClient(client, sftp.UseConcurrentWrites(true))
	if err != nil {
		return fmt.Errorf("start SFTP on %s: %w", a.Connection.address(), err)
	}
	defer files.Close()
	remote := remoteFiles{files}
	switch {
	case a.Source.Archive != nil:
		return remote.put(a.Source.Archive.Path, a.RemotePath)
	case a.Source.Asset.IsText():
		return remote.putText(a.Source.Asset.Text, a.RemotePath)
	default:
		return remote.put(a.Source.Asset.Path, a.RemotePath)
	}
}

// remoteFiles is the other machine's file system.
type remoteFiles struct{ *sftp.Client }

// stat returns nil for what does not exist.
func (r remoteFiles) stat(name string) (fs.FileInfo, error) {
	info, err := r.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("failed to stat remote path %s: %w", name, err)
	}
	return info, nil
}

// putText writes text into the file destination.
func (r remoteFiles) putText(text, destination string) error {
	info, err := r.stat(destination)
	if err != nil {
		return err
	}
	if info != nil && info.IsDir() {
		return fmt.Errorf("remote path %s is a directory; when using a text asset, remotePath must be a file path",
			destination)
	}
	return r.write(strings.NewReader(text), destination)
}

// put copies a file or a folder. A file goes into a destination that is a folder, and else becomes it. A folder becomes
// a folder of its name inside the destination; with a slash at its end, its content goes into the destination.
func (r remoteFiles) put(source, destination string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	target, err := r.stat(destination)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		if target != nil && target.IsDir() {
			destination = path.Join(destination, filepath.Base(source))
		}
		return r.putFile(source, destination)
	}
	if target != nil && !target.IsDir() {
		return fmt.Errorf("remote path %s exists but is not a directory", destination)
	}
	if !strings.HasSuffix(source, "/") {
		destination = path.Join(destination, filepath.Base(source))
	}
	return filepath.WalkDir(source, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(source, name)
		if err != nil {
			return err
		}
		to := path.Join(destination, filepath.ToSlash(relative))
		if !entry.IsDir() {
			return r.putFile(name, to)
		}
		if err := r.MkdirAll(to); err != nil {
			return fmt.Errorf("failed to create remote directory %s: %w", to, err)
		}
		return nil
	})
}

func (r remoteFiles) putFile(source, destination string) error {
	local, err := os.Open(source)
	if err != nil {
		return err
	}
	defer local.Close()
	return r.write(local, destination)
}

func (r remoteFiles) write(content io.Reader, destination string) error {
	if err := r.MkdirAll(path.Dir(destination)); err != nil {
		return fmt.Errorf("failed to create parent directories for %s: %w", destination, err)
	}
	remote, err := r.Create(destination)
	if err != nil {
		return fmt.Errorf("failed to create remote file %s: %w", destination, err)
	}
	if _, err := remote.ReadFrom(content); err != nil {
		_ = remote.Close()
		return fmt.Errorf("failed to write remote file %s: %w", destination, err)
	}
	return remote.Close()
}
