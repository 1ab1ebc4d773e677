package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	is "gotest.tools/v3/assert/cmp"

	"github.com/iransre/exchange-platform/internal/review"
	"github.com/iransre/exchange-platform/internal/review/typed"
)

func TestMain(m *testing.M) {
	typed.Main(m, func(ctx context.Context, arguments []string, _, help io.Writer) (int, error) {
		if err := run(ctx, arguments, help); err != nil {
			return 1, err
		}
		return 0, nil
	})
}

// The workflow that posts takes text from the review, and nothing else: what stands in its files is no command.
func TestTheWorkflowThatPosts(t *testing.T) {
	f, _ := gitHub(t)
	post, _ := typed.ReadWorkflow(t, "../../examples/ci/github/post.yaml")
	folder := t.TempDir()
	assert.NilError(t, os.Mkdir(filepath.Join(folder, "review"), 0o755))
	leave := func(code, text string) {
		for name, content := range map[string]string{"code": code, "review.md": review.Mark("prod") + "\n" + text} {
			assert.NilError(t, os.WriteFile(filepath.Join(folder, "review", name), []byte(content), 0o644))
		}
	}
	for _, test := range []struct{ code, conclusion string }{
		{"26\n", "action_required"}, {"0\n", "success"}, {"$(touch harm)", "failure"}, {"", "failure"},
	} {
		leave(test.code, "of "+test.code+" $(touch harm) `touch harm`")
		output, err := typed.Bash(t, folder, "post-review", post.Script(t, "post", "Post"), "CHANGE=12", "COMMIT="+head)
		assert.NilError(t, err, output)
		assert.Equal(t, f.checks[0]["conclusion"], test.conclusion)
		assert.DeepEqual(t, f.ofStack("prod", bot), []string{"of " + test.code + " $(touch harm) `touch harm`"})
		_, err = os.Stat(filepath.Join(folder, "harm"))
		assert.Assert(t, os.IsNotExist(err))
	}
	assert.Check(t, is.Len(f.checks, 1))
}
