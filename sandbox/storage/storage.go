// Package storage is a small S3-compatible object storage over a folder: as much of it as Pulumi's states, backups and people
// with a client need. Every request must be signed (version 4), which is checked with the signer of Amazon's own SDK; only objects
// of public buckets are everybody's to read. What it cannot do it refuses: nothing that a client asks for is passed over.
package storage

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options say what a storage holds and who may use it.
type Options struct {
	// Dir holds a folder for each bucket, in which each object is a file of its name.
	Dir string
	// Buckets exist from the beginning; there is no way to make others.
	Buckets []string
	// Public are those of them whose objects anybody may read.
	Public []string
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
	// names is held while folders come and go: one that is empty is deleted, and must not be while an object moves into it.
	names sync.Mutex
}

// uploads is the folder of what is not whole yet. No bucket can have its name.
const uploads = ".uploads"

// New opens the storage and makes its buckets.
func New(options Options) (*Storage, error) {
	if options.PageSize == 0 {
		options.PageSize = 1000
	}
	for _, folder := range append([]string{uploads}, options.Buckets...) {
		if err := os.MkdirAll(filepath.Join(options.Dir, folder), 0o700); err != nil {
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

func unknown(what string) error {
	return refuse(http.StatusNotImplemented, "NotImplemented", "the sandbox's storage does not know "+what)
}

var (
	errNoSuchKey    = refuse(http.StatusNotFound, "NoSuchKey", "The specified key does not exist")
	errPrecondition = refuse(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
)

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

// ignored are the headers of S3 that need no answer here: those of the signature and of the body, which have been looked at,
// and those that ask for what one user and one folder are anyway.
var ignored = []string{"x-amz-content-sha256", "x-amz-date", "x-amz-user-agent", "x-amz-decoded-content-length", "x-amz-trailer",
	"x-amz-sdk-checksum-algorithm", "x-amz-checksum-algorithm", "x-amz-checksum-type", "x-amz-checksum-mode", "x-amz-storage-class",
	"x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner", "x-amz-request-payer", "x-amz-mp-object-size", "x-amz-optional-object-attributes"}

// understood refuses a request that asks for more than its operation does here: with parameters, or with headers of S3's.
func understood(r *http.Request, parameters, headers []string) error {
	for name := range r.URL.Query() {
		if name != "x-id" && !slices.Contains(parameters, name) { // x-id is the operation's name, for logs
			return unknown(r.Method + " with ?" + name)
		}
	}
	for name := range r.Header {
		name = strings.ToLower(name)
		if _, summed := checksums[name]; strings.HasPrefix(name, "x-amz-") && !summed && !slices.Contains(ignored, name) && !slices.Contains(headers, name) {
			return unknown("the header " + name)
		}
	}
	if acl := r.Header.Get("X-Amz-Acl"); acl != "" && acl != "private" && acl != "bucket-owner-full-control" {
		return unknown("x-amz-acl: " + acl)
	}
	// the storage's own encryption, which nobody sees from outside: here the folder is as it is
	if encryption := r.Header.Get(encryptionHeader); encryption != "" && encryption != "AES256" {
		return unknown(encryptionHeader + ": " + encryption)
	}
	return nil
}

const encryptionHeader = "x-amz-server-side-encryption"

// operation is one of S3's. It is chosen by the method, the parameter that names a part of the object or bucket, and whether
// it is a copy.
type operation struct {
	do                  func(s *Storage, w http.ResponseWriter, r *http.Request, bucket, name string) error
	parameters, headers []string
}

var (
	listingParameters = []string{"list-type", "prefix", "delimiter", "marker", "start-after", "continuation-token", "max-keys",
		"encoding-type", "fetch-owner"}

	ofBuckets = map[string]operation{
		"HEAD":           {do: (*Storage).nothing},
		"GET":            {do: (*Storage).list, parameters: listingParameters},
		"GET location":   {do: (*Storage).location},
		"GET versioning": {do: (*Storage).versioning},
		"POST delete":    {do: (*Storage).removeAll},
	}
	ofObjects = map[string]operation{
		"HEAD":         {do: (*Storage).get},
		"GET":          {do: (*Storage).get},
		"PUT":          {do: (*Storage).put, headers: []string{"x-amz-acl", encryptionHeader}},
		"PUT copy":     {do: (*Storage).copy, headers: []string{"x-amz-acl", encryptionHeader, "x-amz-copy-source", "x-amz-copy-source-if-match", "x-amz-metadata-directive"}},
		"DELETE":       {do: (*Storage).remove},
		"POST uploads": {do: (*Storage).beginUpload, headers: []string{"x-amz-acl", encryptionHeader}},
		"PUT uploadId": {do: (*Storage).putPart, parameters: []string{"partNumber"}},
		"PUT uploadId copy": {do: (*Storage).copyPart, parameters: []string{"partNumber"},
			headers: []string{"x-amz-copy-source", "x-amz-copy-source-if-match", "x-amz-copy-source-range"}},
		"POST uploadId":   {do: (*Storage).completeUpload},
		"DELETE uploadId": {do: (*Storage).abortUpload},
	}
)

// serve finds the operation and does it.
func (s *Storage) serve(w http.ResponseWriter, r *http.Request) error {
	bucket, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if bucket == "" && r.Method == http.MethodGet {
		return s.listBuckets(w, r)
	}
	if !slices.Contains(s.options.Buckets, bucket) {
		return refuse(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	}
	operations := ofBuckets
	if name != "" {
		operations = ofObjects
		if !fs.ValidPath(name) {
			return unknown("objects of such a name: " + name)
		}
	}
	asked := []string{r.Method}
	for _, part := range []string{"location", "versioning", "delete", "uploads", "uploadId"} {
		if r.URL.Query().Has(part) {
			asked = append(asked, part)
		}
	}
	if r.Header.Get("X-Amz-Copy-Source") != "" {
		asked = append(asked, "copy")
	}
	key := strings.Join(asked, " ")
	found, known := operations[key]
	if !known {
		return unknown(key + " of " + r.URL.Path)
	}
	_, part, _ := strings.Cut(strings.TrimSuffix(key, " copy"), " ")
	if err := understood(r, append([]string{part}, found.parameters...), found.headers); err != nil {
		return err
	}
	return found.do(s, w, r, bucket, name)
}

func (s *Storage) nothing(http.ResponseWriter, *http.Request, string, string) error { return nil }

func (s *Storage) location(w http.ResponseWriter, _ *http.Request, _, _ string) error {
	writeXML(w, http.StatusOK, struct {
		XMLName xml.Name `xml:"LocationConstraint"`
		Region  string   `xml:",chardata"`
	}{Region: s.options.Region})
	return nil
}

// versioning says that no versions are kept.
func (s *Storage) versioning(w http.ResponseWriter, _ *http.Request, _, _ string) error {
	writeXML(w, http.StatusOK, struct {
		XMLName xml.Name `xml:"VersioningConfiguration"`
	}{})
	return nil
}

func (s *Storage) listBuckets(w http.ResponseWriter, r *http.Request) error {
	if err := understood(r, nil, nil); err != nil {
		return err
	}
	type bucket struct{ Name, CreationDate string }
	var answer struct {
		XMLName xml.Name `xml:"ListAllMyBucketsResult"`
		Buckets []bucket `xml:"Buckets>Bucket"`
	}
	for _, name := range slices.Sorted(slices.Values(s.options.Buckets)) {
		info, err := s.root.Stat(name)
		if err != nil {
			return err
		}
		answer.Buckets = append(answer.Buckets, bucket{name, info.ModTime().UTC().Format(time.RFC3339)})
	}
	writeXML(w, http.StatusOK, answer)
	return nil
}

// place moves a whole file from the uploads to where an object is.
func (s *Storage) place(from, file string, onlyIfNew bool) error {
	s.names.Lock()
	defer s.names.Unlock()
	if _, err := s.root.Stat(file); err == nil && onlyIfNew {
		return errPrecondition
	}
	err := s.root.MkdirAll(path.Dir(file), 0o700)
	if err == nil {
		err = s.root.Rename(from, file)
	}
	for _, inTheWay := range []error{syscall.ENOTDIR, syscall.EISDIR, syscall.EEXIST, syscall.ENOTEMPTY} {
		if errors.Is(err, inTheWay) {
			return unknown("an object whose name is the folder of others: " + err.Error())
		}
	}
	return err
}

// take deletes an object, and the folders in which it was the last.
func (s *Storage) take(bucket, name string) error {
	s.names.Lock()
	defer s.names.Unlock()
	file := path.Join(bucket, name)
	if info, err := s.root.Stat(file); err != nil || info.IsDir() {
		return nil // as good as deleted
	}
	if err := s.root.Remove(file); err != nil {
		return err
	}
	for folder := path.Dir(file); folder != bucket; folder = path.Dir(folder) {
		if s.root.Remove(folder) != nil {
			break // it holds others
		}
	}
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
