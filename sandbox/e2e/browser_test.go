//go:build e2e

package e2e

import (
	"context"
	"errors"
	"image"
	"image/color"
	_ "image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// browser is Chromium without a window. The test is skipped where it is not installed, but not in CI, whose machine has it.
type browser struct {
	program string
	rules   string // for the names that no DNS knows: "MAP name address:port"
}

func newBrowser(t *testing.T, rules string) browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	switch {
	case err == nil:
	case errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") != "true":
		t.Skip("chromium is not on PATH: apt-get install chromium")
	default:
		t.Fatal(err)
	}
	return browser{program, rules}
}

// screenshots is where pictures are kept if this variable names a folder: those in the docs are made so.
const screenshots = "SCREENSHOTS"

// look opens a page, and returns what it says and a picture of it, named so.
func (b browser) look(t *testing.T, address, name string) (text string, picture image.Image) {
	t.Helper()
	_, err := url.Parse(address)
	assert.NilError(t, err)
	dir := t.TempDir()
	file := filepath.Join(dir, name+".png")
	run := func(arguments ...string) string {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		command := exec.CommandContext(ctx, b.program, append([]string{
			// tests are often root's, in a container, and what they look at is their own
			"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--ignore-certificate-errors",
			"--window-size=1280,800", "--user-data-dir=" + filepath.Join(dir, "profile"), "--host-resolver-rules=" + b.rules,
		}, arguments...)...)
		output, err := command.Output()
		assert.NilError(t, err, "%s: %s", address, output)
		return string(output)
	}
	text = run("--dump-dom", address)
	run("--screenshot="+file, address)
	content, err := os.Open(file)
	assert.NilError(t, err)
	defer content.Close()
	picture, _, err = image.Decode(content)
	assert.NilError(t, err)
	if kept := os.Getenv(screenshots); kept != "" {
		whole, err := os.ReadFile(file)
		assert.NilError(t, err)
		assert.NilError(t, os.WriteFile(filepath.Join(kept, name+".png"), whole, 0o644))
	}
	return text, picture
}

// colours counts the colours in a picture: an empty page has one.
func colours(picture image.Image) int {
	seen := map[color.Color]bool{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			seen[picture.At(x, y)] = true
		}
	}
	return len(seen)
}
