package storage

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"
)

// etag tells contents of an object apart. It is none of MD5, and says so by its dash, as those of large objects in S3.
func etag(info fs.FileInfo) string {
	return fmt.Sprintf(`"%x-1"`, md5.Sum(fmt.Appendf(nil, "%d %d", info.ModTime().UnixNano(), info.Size())))
}

// receive writes content into a file among the uploads. What is not whole leaves nothing behind.
func (s *Storage) receive(content io.Reader, file string) error {
	target, err := s.root.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, content)
	if err := errors.Join(err, target.Close()); err != nil {
		return errors.Join(err, s.root.Remove(file))
	}
	return nil
}

// keep makes content the object as a whole, and tells the object's new description.
func (s *Storage) keep(content io.Reader, bucket, name string, onlyIfNew bool) (fs.FileInfo, error) {
	temporary := path.Join(uploads, "object-"+rand.Text())
	if err := s.receive(content, temporary); err != nil {
		return nil, err
	}
	info, err := s.root.Stat(temporary)
	if err == nil {
		err = s.place(temporary, path.Join(bucket, name), onlyIfNew)
	}
	if err != nil {
		return nil, errors.Join(err, s.root.Remove(temporary))
	}
	return info, nil
}

// onlyIfNew tells whether a write must not replace anything.
func onlyIfNew(r *http.Request) (bool, error) {
	if r.Header.Get("If-Match") != "" {
		return false, unknown("writes with If-Match")
	}
	switch r.Header.Get("If-None-Match") {
	case "":
		return false, nil
	case "*":
		return true, nil
	default:
		return false, unknown("writes with If-None-Match but *")
	}
}

func (s *Storage) put(w http.ResponseWriter, r *http.Request, bucket, name string) error {
	fresh, err := onlyIfNew(r)
	if err != nil {
		return err
	}
	info, err := s.keep(r.Body, bucket, name, fresh)
	if err == nil {
		w.Header().Set("ETag", etag(info))
	}
	return err
}

// source opens the object that a request copies from.
func (s *Storage) source(r *http.Request) (*os.File, fs.FileInfo, error) {
	asked := r.Header.Get("X-Amz-Copy-Source")
	from, err := url.QueryUnescape(asked) // a blank may be told as +
	if err != nil || strings.Contains(asked, "?") {
		return nil, nil, unknown("copies of " + asked)
	}
	bucket, name, _ := strings.Cut(strings.TrimPrefix(from, "/"), "/")
	object, info, err := s.open(bucket, name)
	if err != nil {
		return nil, nil, err
	}
	if wanted := r.Header.Get("X-Amz-Copy-Source-If-Match"); wanted != "" && strings.Trim(wanted, `"`) != strings.Trim(etag(info), `"`) {
		return nil, nil, errors.Join(errPrecondition, object.Close())
	}
	return object, info, nil
}

// open opens an object.
func (s *Storage) open(bucket, name string) (*os.File, fs.FileInfo, error) {
	if strings.HasPrefix(bucket, ".") || !fs.ValidPath(name) {
		return nil, nil, errNoSuchKey
	}
	object, err := s.root.Open(path.Join(bucket, name))
	if err != nil {
		return nil, nil, errNoSuchKey
	}
	info, err := object.Stat()
	if err != nil || info.IsDir() {
		return nil, nil, errors.Join(errNoSuchKey, object.Close())
	}
	return object, info, nil
}

// copied is the answer to both kinds of copy.
type copied struct {
	XMLName      xml.Name
	ETag         string
	LastModified string
}

func (s *Storage) copy(w http.ResponseWriter, r *http.Request, bucket, name string) error {
	fresh, err := onlyIfNew(r)
	if err != nil {
		return err
	}
	object, _, err := s.source(r)
	if err != nil {
		return err
	}
	defer object.Close()
	info, err := s.keep(object, bucket, name, fresh)
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, copied{xml.Name{Local: "CopyObjectResult"}, etag(info), info.ModTime().UTC().Format(time.RFC3339)})
	return nil
}

// get answers with the object, or a range of it, unless the client has it already.
func (s *Storage) get(w http.ResponseWriter, r *http.Request, bucket, name string) error {
	object, info, err := s.open(bucket, name)
	if err != nil {
		return err
	}
	defer object.Close()
	var first int64
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &first); err == nil && first >= info.Size() {
		return refuse(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
	}
	w.Header().Set("ETag", etag(info))
	w.Header().Set("Content-Type", typeOf(name))
	http.ServeContent(w, r, "", info.ModTime(), object)
	return nil
}

// typeOf is what an object is said to be. What its uploader said is not kept; it is what follows from the name, as a rule, and a browser
// takes no style sheet that is anything else.
func typeOf(name string) string {
	if found := mime.TypeByExtension(path.Ext(name)); found != "" {
		return found
	}
	return "application/octet-stream"
}

func (s *Storage) remove(w http.ResponseWriter, _ *http.Request, bucket, name string) error {
	if err := s.take(bucket, name); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// maxList is how long a list of objects or parts may be, as text.
const maxList = 4 << 20

// removeAll deletes the objects that the body lists.
func (s *Storage) removeAll(w http.ResponseWriter, r *http.Request, bucket, _ string) error {
	type named struct{ Key string }
	var asked struct {
		Quiet  bool
		Object []named
	}
	if err := readXML(r, &asked); err != nil {
		return err
	}
	var answer struct {
		XMLName xml.Name `xml:"DeleteResult"`
		Deleted []named
		Error   []struct{ Key, Code, Message string }
	}
	for _, object := range asked.Object {
		err := unknown("objects of such a name")
		if fs.ValidPath(object.Key) {
			err = s.take(bucket, object.Key)
		}
		switch {
		case err != nil:
			answer.Error = append(answer.Error, struct{ Key, Code, Message string }{object.Key, "InternalError", err.Error()})
		case !asked.Quiet:
			answer.Deleted = append(answer.Deleted, object)
		}
	}
	writeXML(w, http.StatusOK, answer)
	return nil
}

// readXML reads a body to its end, so that what was signed has been checked.
func readXML(r *http.Request, into any) error {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxList))
	if err != nil {
		return err
	}
	if err := xml.Unmarshal(text, into); err != nil {
		return refuse(http.StatusBadRequest, "MalformedXML", err.Error())
	}
	return nil
}
