package mirrors

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Registry serves the images below dir as a mirror of every registry: who asks says which one, as containerd does, by ?ns=docker.io.
// It is read-only, and sees images that were made after it was. A tag is not looked at (see images.yaml) unless something was released by it.
func Registry(dir string) http.Handler {
	r := registry{store{dir}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v2/{rest...}", r.serve)
	return mux
}

type registry struct{ store store }

func (r registry) serve(response http.ResponseWriter, request *http.Request) {
	name, what, reference, ok := asked(request)
	if !ok {
		refuse(response, "NAME_INVALID", request.URL.Path)
		return
	}
	var err error
	switch what {
	case "manifests":
		err = r.manifest(response, request, name, reference)
	case "blobs":
		err = r.blob(response, request, reference)
	default:
		err = fs.ErrNotExist
	}
	if errors.Is(err, fs.ErrNotExist) {
		refuse(response, strings.ToUpper(strings.TrimSuffix(what, "s"))+"_UNKNOWN", name+" "+reference)
	} else if err != nil {
		http.Error(response, err.Error(), http.StatusInternalServerError)
	}
}

// asked is what a request is for: an image, with its registry where that is said, what of it ("manifests", "blobs"), and which.
func asked(request *http.Request) (image, what, reference string, ok bool) {
	parts := strings.Split(request.PathValue("rest"), "/")
	if len(parts) < 3 {
		return "", "", "", false
	}
	image = strings.Join(parts[:len(parts)-2], "/")
	if registry := request.URL.Query().Get("ns"); registry != "" {
		image = registry + "/" + image
	}
	return image, parts[len(parts)-2], parts[len(parts)-1], true
}

func (r registry) manifest(response http.ResponseWriter, request *http.Request, name, reference string) error {
	manifest, err := r.store.resolve(name, reference)
	if err != nil {
		return err
	}
	response.Header().Set("Content-Type", string(manifest.MediaType))
	return r.file(response, request, manifest.Digest)
}

func (r registry) blob(response http.ResponseWriter, request *http.Request, digest string) error {
	hash, err := v1.NewHash(digest)
	if err != nil {
		return fs.ErrNotExist
	}
	response.Header().Set("Content-Type", "application/octet-stream")
	return r.file(response, request, hash)
}

func (r registry) file(response http.ResponseWriter, request *http.Request, hash v1.Hash) error {
	file, err := http.Dir(r.store.path("blobs", hash.Algorithm)).Open(hash.Hex)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	response.Header().Set("Docker-Content-Digest", hash.String())
	http.ServeContent(response, request, "", info.ModTime(), file)
	return nil
}

// refuse answers in the protocol's own words.
func refuse(response http.ResponseWriter, code, what string) {
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(http.StatusNotFound)
	_, _ = fmt.Fprintf(response, `{"errors": [{"code": %q, "message": %q}]}`, code, what)
}
