package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// server is what `minio server DIR` serves.
type server struct {
	root   login
	stores *stores
}

// login is an access key and its secret.
type login struct{ Key, Secret string }

// serve is `minio server DRIVES [--address :9000] [--console-address …] [-S …]`. There is no console, and no TLS.
func serve(arguments []string) error {
	if len(arguments) < 2 || arguments[0] != "server" {
		return errors.New("the sandbox's knows: minio server DIR|http://NAME-{0...3}.SERVICE/DIR [--address ADDRESS] [--console-address ADDRESS] [-S DIR]")
	}
	drives, address := arguments[1], ":9000"
	for i := 2; i+1 < len(arguments); i += 2 {
		switch arguments[i] {
		case "--address":
			address = arguments[i+1]
		case "--console-address", "-S":
		default:
			return fmt.Errorf("the sandbox's does not know %s", arguments[i])
		}
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	dir, first, err := member(drives, host)
	if err != nil {
		return err
	}
	var handler http.Handler
	if first == "" {
		s, err := newServer(dir, login{os.Getenv("MINIO_ROOT_USER"), os.Getenv("MINIO_ROOT_PASSWORD")})
		if err != nil {
			return err
		}
		handler = s.handler()
	} else {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		handler = through(first + ":" + port)
	}
	return (&http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: 10 * time.Second}).ListenAndServe()
}

// several is how MinIO is told of the drives of several servers.
var several = regexp.MustCompile(`^http://([a-z0-9-]+-)\{0\.\.\.[0-9]+\}(\.[a-z0-9.-]+)(/.*)$`)

// member is the folder that the server on host serves, or the first server, which serves it for all: shards there are none.
func member(drives, host string) (dir, first string, err error) {
	if !strings.Contains(drives, "://") {
		return drives, "", nil
	}
	found := several.FindStringSubmatch(drives)
	if found == nil {
		return "", "", fmt.Errorf("the sandbox's does not know the drives %s", drives)
	}
	if host == found[1]+"0" {
		return found[3], "", nil
	}
	return "", found[1] + "0" + found[2], nil
}

// through leads everything to another server, as it was asked for: signatures are of the host, too.
func through(server string) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(request *httputil.ProxyRequest) {
		request.Out.URL.Scheme, request.Out.URL.Host, request.Out.Host = "http", server, request.In.Host
	}}
}

func newServer(dir string, root login) (*server, error) {
	if root.Key == "" || root.Secret == "" {
		return nil, errors.New("MINIO_ROOT_USER and MINIO_ROOT_PASSWORD say who administers it")
	}
	stores, err := openStores(dir, root)
	return &server{root, stores}, err
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	well := func(http.ResponseWriter, *http.Request) {}
	for _, check := range []string{"live", "ready", "cluster"} {
		mux.HandleFunc("GET /minio/health/"+check, well)
	}
	mux.HandleFunc("GET /minio/v2/metrics/", s.metrics)
	mux.HandleFunc("POST "+administration, s.administer)
	mux.HandleFunc("/", s.objects)
	return mux
}

// signer finds who says to have signed a request: by its header or, of a link, by its address.
var signer = regexp.MustCompile(`Credential=([^/]+)/`)

// objects leads a request to the store as its user sees it. Who is nobody sees what is public.
func (s *server) objects(response http.ResponseWriter, request *http.Request) {
	key := s.root.Key
	if found := signer.FindStringSubmatch(request.Header.Get("Authorization")); found != nil {
		key = found[1]
	} else if link := request.URL.Query().Get("X-Amz-Credential"); link != "" {
		key = signer.FindStringSubmatch("Credential=" + link + "/")[1]
	}
	store, release := s.stores.of(key)
	defer release()
	store.ServeHTTP(response, request)
}

// metrics are those of MinIO's that the platform has an alert or a graph of.
func (s *server) metrics(response http.ResponseWriter, _ *http.Request) {
	bytes, objects := int64(0), 0
	_ = filepath.WalkDir(s.stores.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // deleted meanwhile
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			bytes, objects = bytes+info.Size(), objects+1
		}
		return nil
	})
	_, _ = fmt.Fprintf(response, "# TYPE minio_cluster_usage_total_bytes gauge\nminio_cluster_usage_total_bytes %d\n", bytes)
	_, _ = fmt.Fprintf(response, "# TYPE minio_cluster_usage_object_total gauge\nminio_cluster_usage_object_total %d\n", objects)
	_, _ = fmt.Fprint(response, "# TYPE minio_cluster_health_status gauge\nminio_cluster_health_status 1\n")
}

// administration is where the client tells what it wants to be changed.
const administration = "/minio/sandbox/"

// change is what it tells; the fields that are not empty are meant.
type change struct {
	// Bucket is made if it is not there; Public says whether everybody may read its objects from now on.
	Bucket string
	Public *bool
	// Policy is defined by Document, or attached to User.
	Policy   string
	Document json.RawMessage `json:",omitempty"`
	// Versioned, Rules and Quota are of the bucket: they are kept, and nothing follows from them.
	Versioned bool            `json:",omitempty"`
	Rules     json.RawMessage `json:",omitempty"`
	Quota     string          `json:",omitempty"`
	// User is made, or gets another Secret.
	User, Secret string
}

// administer does what the administrator wants.
func (s *server) administer(response http.ResponseWriter, request *http.Request) {
	key, secret, _ := request.BasicAuth()
	if key != s.root.Key || secret != s.root.Secret {
		http.Error(response, "only MINIO_ROOT_USER administers", http.StatusForbidden)
		return
	}
	var wanted change
	err := json.NewDecoder(request.Body).Decode(&wanted)
	if err == nil {
		err = s.stores.change(wanted)
	}
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
	}
}
