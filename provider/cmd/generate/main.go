// Command generate writes the Go SDK of the ArvanCloud provider, everything in the folder that its first argument names, and the
// part of it that the program itself uses, into the file that the second names.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: generate SDK-FOLDER LEAN-FILE")
		os.Exit(2)
	}
	if err := errors.Join(write(context.Background(), os.Args[1]), writeLean(context.Background(), os.Args[2])); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// write replaces the folder's content with a fresh SDK, so that a resource that is gone leaves no file behind.
func write(ctx context.Context, folder string) error {
	files, err := goSDK(ctx)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("empty the SDK's folder: %w", err)
	}
	for name, content := range files {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("make the SDK's folder: %w", err)
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return fmt.Errorf("write the SDK: %w", err)
		}
	}
	return nil
}

func writeLean(ctx context.Context, file string) error {
	text, err := leanSDK(ctx)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}
