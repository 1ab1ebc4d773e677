package github

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// files are those of the stand-in's archive. They keep to what the real ones do as far as who installs them sees it: config.sh refuses root
// and a runner that is configured, takes its options from ACTIONS_RUNNER_INPUT_… too, leaves .runner and .credentials; run.sh goes on until
// it is stopped, and ends well where GitHub knows it no longer. On light machines everybody's number is 0, so a name tells root.
var files = map[string]string{
	"config.sh": `#!/bin/bash
[ "$USER" != root ] || { echo "Must not run with sudo"; exit 1; }
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
[ ! -e .runner ] || { echo "Cannot configure the runner because it is already configured."; exit 1; }
replace=false
for each; do [ "$each" != --replace ] || replace=true; done
server=${ACTIONS_RUNNER_INPUT_URL%/*/*}
asked=$(printf '{"url": "%s", "name": "%s", "labels": "%s", "version": "@VERSION@", "replace": %s}' \
  "$ACTIONS_RUNNER_INPUT_URL" "$ACTIONS_RUNNER_INPUT_NAME" "$ACTIONS_RUNNER_INPUT_LABELS" "$replace")
echo "$PATH" >.path
said=$(curl --silent --show-error --fail --data "$asked" --config - "$server/api/v3/actions/runner-registration" \
  <<<"header = \"Authorization: RemoteAuth $ACTIONS_RUNNER_INPUT_TOKEN\"") || { echo "Http response code: NotFound"; exit 1; }
printf '%s' "$said" | sed 's/.*"credentials": *"\([^"]*\)".*/\1/' >.credentials
printf '{"gitHubUrl": "%s"}' "$ACTIONS_RUNNER_INPUT_URL" >.runner
echo "Runner successfully added"
`,
	"run.sh": `#!/bin/bash
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
[ -e .runner ] || { echo "Not configured"; exit 1; }
server=$(sed 's/.*"gitHubUrl": "\([^"]*\)\/[^/]*\/[^/"]*".*/\1/' .runner)
curl --silent --show-error --fail --request POST --config - "$server/session?version=@VERSION@" <<<"header = \"Authorization: Bearer $(cat .credentials)\"" ||
  { echo "Runner listener exit with terminated error, stop the service, no retry needed."; exit 0; }
echo "Listening for Jobs"
exec sleep infinity
`,
	"bin/installdependencies.sh": `#!/bin/bash
echo "Finish Install Dependencies"
`,
}

// Archive is the stand-in's archive of a version, and its SHA-256.
func Archive(version string) (content []byte, checksum string, err error) {
	var written bytes.Buffer
	compressed := gzip.NewWriter(&written)
	packed := tar.NewWriter(compressed)
	for _, name := range []string{"config.sh", "run.sh", "bin/installdependencies.sh"} {
		text := strings.ReplaceAll(files[name], "@VERSION@", version)
		if err := packed.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			return nil, "", err
		}
		if _, err := packed.Write([]byte(text)); err != nil {
			return nil, "", err
		}
	}
	if err := packed.Close(); err != nil {
		return nil, "", err
	}
	if err := compressed.Close(); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(written.Bytes())
	return written.Bytes(), hex.EncodeToString(sum[:]), nil
}
