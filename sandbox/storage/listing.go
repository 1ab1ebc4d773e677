package storage

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listing is the answer to both versions of ListObjects.
type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name, Prefix          string
	Delimiter             string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	StartAfter            string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	Marker                string `xml:",omitempty"`
	NextMarker            string `xml:",omitempty"`
	KeyCount, MaxKeys     int
	IsTruncated           bool
	Contents              []content
	CommonPrefixes        []commonPrefix
}

type content struct {
	Key          string
	LastModified string
	ETag         string
	Size         int64
	StorageClass string
}

type commonPrefix struct{ Prefix string }

// list gives the objects in the order of their names; those that share their name up to the delimiter, as one prefix. What a
// page leaves off begins behind its last name or prefix.
func (s *Storage) list(w http.ResponseWriter, r *http.Request, bucket, _ string) error {
	query := r.URL.Query()
	answer := listing{Name: bucket, Prefix: query.Get("prefix"), Delimiter: query.Get("delimiter"), MaxKeys: s.options.PageSize,
		EncodingType: query.Get("encoding-type"), StartAfter: query.Get("start-after"), ContinuationToken: query.Get("continuation-token"),
		Marker: query.Get("marker")}
	behind := answer.Marker
	second := query.Get("list-type") == "2"
	if second {
		token, err := base64.URLEncoding.DecodeString(answer.ContinuationToken)
		if err != nil {
			return refuse(http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
		}
		behind = string(token)
	}
	if text := query.Get("max-keys"); text != "" {
		most, err := strconv.Atoi(text)
		if err != nil || most < 0 {
			return refuse(http.StatusBadRequest, "InvalidArgument", "max-keys is no number")
		}
		answer.MaxKeys = min(most, answer.MaxKeys)
	}
	objects, err := s.objects(bucket, answer.Prefix)
	if err != nil {
		return err
	}
	last := ""
	for _, object := range objects {
		item, shared := object.Key, false
		if head, _, found := strings.Cut(object.Key[len(answer.Prefix):], answer.Delimiter); found && answer.Delimiter != "" {
			item, shared = answer.Prefix+head+answer.Delimiter, true
		}
		if item <= behind || object.Key <= answer.StartAfter || shared && item == last {
			continue
		}
		if answer.KeyCount == answer.MaxKeys {
			answer.IsTruncated = answer.MaxKeys > 0
			break
		}
		answer.KeyCount++
		last = item
		if shared {
			answer.CommonPrefixes = append(answer.CommonPrefixes, commonPrefix{item})
		} else {
			answer.Contents = append(answer.Contents, object)
		}
	}
	if answer.IsTruncated && second {
		answer.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(last))
	} else if answer.IsTruncated {
		answer.NextMarker = last
	}
	if answer.EncodingType == "url" {
		answer.encode()
	}
	writeXML(w, http.StatusOK, answer)
	return nil
}

// encode writes names so that XML can hold any of them.
func (l *listing) encode() {
	encode := func(names ...*string) {
		for _, name := range names {
			*name = strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(*name))
		}
	}
	encode(&l.Prefix, &l.Delimiter, &l.StartAfter, &l.Marker, &l.NextMarker)
	for i := range l.Contents {
		encode(&l.Contents[i].Key)
	}
	for i := range l.CommonPrefixes {
		encode(&l.CommonPrefixes[i].Prefix)
	}
}

// objects are those whose names begin with prefix, in the order of their names.
func (s *Storage) objects(bucket, prefix string) ([]content, error) {
	var found []content
	err := fs.WalkDir(s.root.FS(), bucket, func(file string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(file, bucket+"/")
		if err == nil && (entry.IsDir() || !strings.HasPrefix(name, prefix)) {
			return nil
		}
		var info fs.FileInfo
		if err == nil {
			info, err = entry.Info()
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return err
		}
		found = append(found, content{name, info.ModTime().UTC().Format(time.RFC3339Nano), etag(info), info.Size(), "STANDARD"})
		return nil
	})
	slices.SortFunc(found, func(a, b content) int { return strings.Compare(a.Key, b.Key) })
	return found, err
}
