package charts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"sigs.k8s.io/yaml"
)

// epoch is the date of everything in the repository, so that the same charts always make the same bytes.
var epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// entry is one chart version in the repository's index.
type entry struct {
	*chart.Metadata `json:",inline"`
	URLs            []string  `json:"urls"`
	Digest          string    `json:"digest"`
	Created         time.Time `json:"created"`
}

// archive packs a stand-in the way `helm package` does and returns its file name and bytes. The same chart gives the same
// bytes each time.
func archive(name, manifests string) (file string, data []byte, err error) {
	loaded, err := Load(name)
	if err != nil {
		return "", nil, err
	}
	files, err := collect(name)
	if err != nil {
		return "", nil, err
	}
	own, err := upstream(manifests, name)
	if err != nil {
		return "", nil, fmt.Errorf("what the program of chart %q needs: %w", name, err)
	}
	files = append(files, own...)
	var packed bytes.Buffer
	compressor := gzip.NewWriter(&packed)
	writer := tar.NewWriter(compressor)
	for _, f := range files {
		header := &tar.Header{Name: path.Join(name, f.Name), Mode: 0o644, Size: int64(len(f.Data)), ModTime: epoch, Format: tar.FormatPAX}
		if err := writer.WriteHeader(header); err != nil {
			return "", nil, fmt.Errorf("pack chart %q: %w", name, err)
		}
		if _, err := writer.Write(f.Data); err != nil {
			return "", nil, fmt.Errorf("pack chart %q: %w", name, err)
		}
	}
	if err := writer.Close(); err != nil {
		return "", nil, fmt.Errorf("pack chart %q: %w", name, err)
	}
	if err := compressor.Close(); err != nil {
		return "", nil, fmt.Errorf("pack chart %q: %w", name, err)
	}
	return fmt.Sprintf("%s-%s.tgz", name, loaded.Metadata.Version), packed.Bytes(), nil
}

// Repository packs all stand-ins and returns the files of an HTTP chart repository by name: index.yaml and the archives. In manifests,
// which may be empty, lie those of the programs that really run, by the charts' names.
func Repository(manifests string) (map[string][]byte, error) {
	files := map[string][]byte{}
	entries := map[string][]entry{}
	for _, name := range Names() {
		file, data, err := archive(name, manifests)
		if err != nil {
			return nil, err
		}
		loaded, err := Load(name)
		if err != nil {
			return nil, err
		}
		digest := sha256.Sum256(data)
		files[file] = data
		entries[name] = []entry{{
			Metadata: loaded.Metadata, URLs: []string{file}, Digest: hex.EncodeToString(digest[:]), Created: epoch,
		}}
	}
	index, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "generated": epoch, "entries": entries})
	if err != nil {
		return nil, fmt.Errorf("chart repository index: %w", err)
	}
	files["index.yaml"] = index
	return files, nil
}

// Handler serves the repository under whatever path it is mounted at: the index names its archives relative to itself.
// The charts are packed at the first request, and anew at one after which manifests have changed; a chart that does not load answers that request
// with its error.
func Handler(manifests string) http.Handler {
	packed := struct {
		sync.Mutex
		of    string
		files map[string][]byte
	}{}
	repository := func() (map[string][]byte, error) {
		packed.Lock()
		defer packed.Unlock()
		now := lastChanges(manifests)
		if packed.files != nil && packed.of == now {
			return packed.files, nil
		}
		files, err := Repository(manifests)
		if err == nil {
			packed.of, packed.files = now, files
		}
		return files, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		files, err := repository()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		name := path.Base(r.URL.Path)
		data, found := files[name]
		if !found {
			http.Error(w, fmt.Sprintf("no %s in the chart repository; index.yaml lists what there is", name), http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", contentType(name))
		http.ServeContent(w, r, name, epoch, bytes.NewReader(data))
	})
}

// lastChanges tells a folder's files apart from what they were and will be.
func lastChanges(folder string) string {
	files, _ := os.ReadDir(folder) // none where no program runs
	var changes strings.Builder
	for _, file := range files {
		if info, err := file.Info(); err == nil {
			fmt.Fprintln(&changes, info.Name(), info.Size(), info.ModTime().UnixNano())
		}
	}
	return changes.String()
}

func contentType(file string) string {
	if path.Ext(file) == ".tgz" {
		return "application/gzip"
	}
	return "application/yaml"
}
