package storage

import (
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// An upload in parts is a folder of its parts among the uploads; a file in it says of which object.
const ofObject = "object"

func (s *Storage) beginUpload(w http.ResponseWriter, _ *http.Request, bucket, name string) error {
	id := "parts-" + rand.Text()
	if err := s.root.Mkdir(path.Join(uploads, id), 0o700); err != nil {
		return err
	}
	if err := s.root.WriteFile(path.Join(uploads, id, ofObject), []byte(path.Join(bucket, name)), 0o600); err != nil {
		return err
	}
	writeXML(w, http.StatusOK, struct {
		XMLName               xml.Name `xml:"InitiateMultipartUploadResult"`
		Bucket, Key, UploadId string
	}{Bucket: bucket, Key: name, UploadId: id})
	return nil
}

// upload is the folder of the upload that a request is about.
func (s *Storage) upload(r *http.Request, bucket, name string) (folder string, err error) {
	folder = path.Join(uploads, path.Base(r.URL.Query().Get("uploadId")))
	of, err := s.root.ReadFile(path.Join(folder, ofObject))
	if err != nil || string(of) != path.Join(bucket, name) {
		return "", refuse(http.StatusNotFound, "NoSuchUpload", "The specified multipart upload does not exist")
	}
	return folder, nil
}

// partFile is the file of a part.
func partFile(folder string, number int) string {
	return path.Join(folder, fmt.Sprintf("%05d", number))
}

// receivePart keeps a part, in place of an earlier one of its number.
func (s *Storage) receivePart(r *http.Request, bucket, name string, content io.Reader) (etagOfPart string, err error) {
	folder, err := s.upload(r, bucket, name)
	if err != nil {
		return "", err
	}
	number, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
	if err != nil || number < 1 || number > 10000 {
		return "", refuse(http.StatusBadRequest, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	}
	temporary := path.Join(folder, "part-"+rand.Text())
	if err := s.receive(content, temporary); err != nil {
		return "", err
	}
	info, err := s.root.Stat(temporary)
	if err != nil {
		return "", err
	}
	return etag(info), s.root.Rename(temporary, partFile(folder, number))
}

func (s *Storage) putPart(w http.ResponseWriter, r *http.Request, bucket, name string) error {
	tag, err := s.receivePart(r, bucket, name, r.Body)
	if err == nil {
		w.Header().Set("ETag", tag)
	}
	return err
}

func (s *Storage) copyPart(w http.ResponseWriter, r *http.Request, bucket, name string) error {
	object, info, err := s.source(r)
	if err != nil {
		return err
	}
	defer object.Close()
	first, last := int64(0), info.Size()-1
	if text := r.Header.Get("X-Amz-Copy-Source-Range"); text != "" {
		if _, err := fmt.Sscanf(text, "bytes=%d-%d", &first, &last); err != nil || first < 0 || first > last || last >= info.Size() {
			return refuse(http.StatusBadRequest, "InvalidArgument", "The range "+text+" is not one of the source")
		}
	}
	tag, err := s.receivePart(r, bucket, name, io.NewSectionReader(object, first, last-first+1))
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, copied{xml.Name{Local: "CopyPartResult"}, tag, s.now().UTC().Format(time.RFC3339)})
	return nil
}

// completeUpload makes the object of the parts that the body lists.
func (s *Storage) completeUpload(w http.ResponseWriter, r *http.Request, bucket, name string) error {
	fresh, err := onlyIfNew(r)
	if err != nil {
		return err
	}
	folder, err := s.upload(r, bucket, name)
	if err != nil {
		return err
	}
	var asked struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := readXML(r, &asked); err != nil {
		return err
	}
	var parts []io.Reader
	before := 0
	for _, part := range asked.Part {
		if part.PartNumber <= before {
			return refuse(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order")
		}
		before = part.PartNumber
		file, err := s.root.Open(partFile(folder, part.PartNumber))
		if err == nil {
			defer file.Close()
			err = sameTag(file, part.ETag)
		}
		if err != nil {
			return refuse(http.StatusBadRequest, "InvalidPart", fmt.Sprintf("the part %d was not uploaded, or is another one: %v", part.PartNumber, err))
		}
		parts = append(parts, file)
	}
	if len(parts) == 0 {
		return refuse(http.StatusBadRequest, "MalformedXML", "no parts are listed")
	}
	info, err := s.keep(io.MultiReader(parts...), bucket, name, fresh)
	if err != nil {
		return err
	}
	if err := s.root.RemoveAll(folder); err != nil {
		return err
	}
	writeXML(w, http.StatusOK, struct {
		XMLName                     xml.Name `xml:"CompleteMultipartUploadResult"`
		Location, Bucket, Key, ETag string
	}{Location: r.URL.Path, Bucket: bucket, Key: name, ETag: etag(info)})
	return nil
}

func sameTag(file *os.File, tag string) error {
	info, err := file.Stat()
	if err == nil && strings.Trim(tag, `"`) != strings.Trim(etag(info), `"`) {
		err = errors.New("its ETag is " + etag(info))
	}
	return err
}

func (s *Storage) abortUpload(w http.ResponseWriter, r *http.Request, bucket, name string) error {
	folder, err := s.upload(r, bucket, name)
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return s.root.RemoveAll(folder)
}
