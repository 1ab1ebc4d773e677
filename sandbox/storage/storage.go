// Package storage is a small S3-compatible object storage over a folder: as much of it as backups need. Every request must
// be signed (version 4), which is checked with the signer of Amazon's own SDK.
package storage

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options say what a storage holds and who may use it.
type Options struct {
	// Dir holds a folder for each bucket, in which each object is a file of its name.
	Dir string
	// Buckets exist from the beginning; there is no way to make others.
	Buckets []string
	// AccessKey and SecretKey are those of the one user.
	AccessKey, SecretKey string
	// Region is what signatures have to name.
	Region string
	// PageSize is how many names a listing gives at once; zero means 1000.
	PageSize int
}

// Storage serves S3's API, with buckets in the path.
type Storage struct {
	options Options
	root    *os.Root
	now     func() time.Time
}

// New opens the storage and makes its buckets.
func New(options Options) (*Storage, error) {
	if options.PageSize == 0 {
		options.PageSize = 1000
	}
	for _, bucket := range options.Buckets {
		if err := os.MkdirAll(filepath.Join(options.Dir, bucket), 0o700); err != nil {
			return nil, fmt.Errorf("storage: %w", err)
		}
	}
	root, err := os.OpenRoot(options.Dir)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	return &Storage{options: options, root: root, now: time.Now}, nil
}

// Close lets go of the folder.
func (s *Storage) Close() error { return s.root.Close() }

// refusal is an answer in S3's words.
type refusal struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
	status  int
}

// Error is the code and what it means.
func (r *refusal) Error() string { return r.Code + ": " + r.Message }

func refuse(status int, code, message string) error {
	return &refusal{Code: code, Message: message, status: status}
}

// ServeHTTP answers one request.
func (s *Storage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := s.authorize(r)
	if err == nil {
		err = s.serve(w, r)
	}
	if err == nil {
		return
	}
	var answer *refusal
	if !errors.As(err, &answer) {
		answer = &refusal{Code: "InternalError", Message: err.Error(), status: http.StatusInternalServerError}
	}
	writeXML(w, answer.status, answer)
}

func (s *Storage) serve(w http.ResponseWriter, r *http.Request) error {
	bucket, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if info, err := s.root.Stat(bucket); bucket == "" || !fs.ValidPath(bucket) || err != nil || !info.IsDir() {
		return refuse(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	}
	file := path.Join(bucket, name)
	switch {
	case name == "" && r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2":
		return s.list(w, r, bucket)
	case name == "" || !fs.ValidPath(name):
		return refuse(http.StatusNotImplemented, "NotImplemented", "the sandbox's storage does not know "+r.Method+" "+r.URL.Path)
	case r.Method == http.MethodPut:
		return s.put(r, file)
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		return s.get(w, r, file)
	case r.Method == http.MethodDelete:
		if err := s.root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	default:
		return refuse(http.StatusNotImplemented, "NotImplemented", "the sandbox's storage does not know "+r.Method)
	}
}

// uploading begins the names of files that are not whole yet; no object's name may.
const uploading = ".uploading-"

// put replaces the object as a whole.
func (s *Storage) put(r *http.Request, file string) error {
	if strings.HasPrefix(path.Base(file), uploading) {
		return refuse(http.StatusBadRequest, "InvalidArgument", "no object may be called that")
	}
	if err := s.root.MkdirAll(path.Dir(file), 0o700); err != nil {
		return err
	}
	part := path.Join(path.Dir(file), uploading+path.Base(file))
	target, err := s.root.Create(part)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, r.Body)
	if err := errors.Join(err, target.Close()); err != nil {
		return errors.Join(err, s.root.Remove(part))
	}
	return s.root.Rename(part, file)
}

func (s *Storage) get(w http.ResponseWriter, r *http.Request, file string) error {
	object, err := s.root.Open(file)
	if err != nil {
		return refuse(http.StatusNotFound, "NoSuchKey", "The specified key does not exist")
	}
	defer object.Close()
	info, err := object.Stat()
	if err != nil || info.IsDir() {
		return refuse(http.StatusNotFound, "NoSuchKey", "The specified key does not exist")
	}
	w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	w.Header().Set("Last-Modified", info.ModTime().UTC().Format(http.TimeFormat))
	if r.Method == http.MethodHead {
		return nil
	}
	_, _ = io.Copy(w, object) // the answer has begun: nothing can be said of an error
	return nil
}

// listing is the answer to ListObjectsV2.
type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name, Prefix          string
	KeyCount, MaxKeys     int
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []content
}

type content struct {
	Key          string
	LastModified time.Time
	Size         int64
}

// list gives the objects in the order of their names. What a page leaves off begins behind the name that is its token.
func (s *Storage) list(w http.ResponseWriter, r *http.Request, bucket string) error {
	prefix, after := r.URL.Query().Get("prefix"), r.URL.Query().Get("continuation-token")
	answer := listing{Name: bucket, Prefix: prefix, MaxKeys: s.options.PageSize}
	err := fs.WalkDir(s.root.FS(), bucket, func(file string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(file, bucket+"/")
		if err != nil || entry.IsDir() || !strings.HasPrefix(name, prefix) || name <= after || strings.HasPrefix(entry.Name(), uploading) {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		answer.Contents = append(answer.Contents, content{name, info.ModTime().UTC(), info.Size()})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(answer.Contents, func(a, b content) int { return strings.Compare(a.Key, b.Key) })
	if len(answer.Contents) > s.options.PageSize {
		answer.Contents = answer.Contents[:s.options.PageSize]
		answer.IsTruncated = true
		answer.NextContinuationToken = answer.Contents[s.options.PageSize-1].Key
	}
	answer.KeyCount = len(answer.Contents)
	writeXML(w, http.StatusOK, answer)
	return nil
}

func writeXML(w http.ResponseWriter, status int, answer any) {
	text, err := xml.Marshal(answer)
	if err != nil {
		panic(err) // these are structs of texts and numbers
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = w.Write(append([]byte(xml.Header), text...))
}
