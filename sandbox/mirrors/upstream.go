package mirrors

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Upstream serves every image from the registry that whoever asks names, as containerd does, by ?ns=docker.io: machines without a way to the
// Internet get the real images through it. Nothing is kept. The transport is the way there.
func Upstream(way http.RoundTripper) http.Handler {
	u := upstream{way}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v2/{rest...}", u.serve)
	return mux
}

type upstream struct{ way http.RoundTripper }

func (u upstream) serve(response http.ResponseWriter, request *http.Request) {
	image, what, reference, ok := asked(request)
	if !ok || request.URL.Query().Get("ns") == "" {
		refuse(response, "NAME_INVALID", request.URL.Path)
		return
	}
	options := []remote.Option{remote.WithContext(request.Context()), remote.WithTransport(u.way)}
	var err error
	switch what {
	case "manifests":
		err = u.manifest(response, image, reference, options)
	case "blobs":
		err = u.blob(response, request, image, reference, options)
	default:
		refuse(response, "UNSUPPORTED", what)
		return
	}
	if missing := new(transport.Error); errors.As(err, &missing) && missing.StatusCode == http.StatusNotFound {
		refuse(response, strings.ToUpper(strings.TrimSuffix(what, "s"))+"_UNKNOWN", image+" "+reference)
	} else if err != nil {
		http.Error(response, fmt.Sprintf("%s of %s from its registry: %v", reference, image, err), http.StatusBadGateway)
	}
}

func (u upstream) manifest(response http.ResponseWriter, image, reference string, options []remote.Option) error {
	parsed, err := parse(image, reference)
	if err != nil {
		return err
	}
	found, err := remote.Get(parsed, options...)
	if err != nil {
		return err
	}
	header := response.Header()
	header.Set("Content-Type", string(found.MediaType))
	header.Set("Docker-Content-Digest", found.Digest.String())
	header.Set("Content-Length", strconv.FormatInt(found.Size, 10))
	_, err = response.Write(found.Manifest)
	return err
}

func (u upstream) blob(response http.ResponseWriter, request *http.Request, image, digest string, options []remote.Option) error {
	parsed, err := name.NewDigest(image + "@" + digest)
	if err != nil {
		return err
	}
	blob, err := remote.Layer(parsed, options...)
	if err != nil {
		return err
	}
	size, err := blob.Size()
	if err != nil {
		return err
	}
	header := response.Header()
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Docker-Content-Digest", digest)
	header.Set("Content-Length", strconv.FormatInt(size, 10))
	if request.Method == http.MethodHead {
		return nil
	}
	content, err := blob.Compressed()
	if err != nil {
		return err
	}
	defer content.Close()
	_, err = io.Copy(response, content)
	return err
}

// parse reads a reference of an image: a digest, or a tag.
func parse(image, reference string) (name.Reference, error) {
	if _, err := v1.NewHash(reference); err == nil {
		return name.NewDigest(image + "@" + reference)
	}
	return name.NewTag(image + ":" + reference)
}
