package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// folder is what ALIAS/BUCKET/PREFIX/ names.
type folder struct {
	store          *s3.Client
	bucket, prefix string
}

func folderOf(given string) (*folder, error) {
	name, path, _ := strings.Cut(given, "/")
	bucket, prefix, _ := strings.Cut(path, "/")
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	server := alias(name)
	if server == nil {
		return nil, errNoAlias
	}
	return &folder{clientOf(server), bucket, prefix}, nil
}

// clientOf asks a server as who is in its address.
func clientOf(server *url.URL) *s3.Client {
	secret, _ := server.User.Password()
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(server.Scheme + "://" + server.Host), UsePathStyle: true, Region: region,
		Credentials: credentials.NewStaticCredentialsProvider(server.User.Username(), secret, ""),
	})
}

// files are those in a folder and below, by their names in it.
func (f *folder) files(ctx context.Context) (map[string]types.Object, error) {
	found := map[string]types.Object{}
	pages := s3.NewListObjectsV2Paginator(f.store, &s3.ListObjectsV2Input{Bucket: &f.bucket, Prefix: &f.prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, object := range page.Contents {
			found[strings.TrimPrefix(*object.Key, f.prefix)] = object
		}
	}
	return found, nil
}

// describe prints the files of a folder, a line of JSON for each, with the fields of the real client's in their order.
func describe(out io.Writer, given string) error {
	from, err := folderOf(given)
	if err != nil {
		return err
	}
	files, err := from.files(context.Background())
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	for name, object := range files {
		err := encoder.Encode(struct {
			Status string `json:"status"`
			Type   string `json:"type"`
			Size   int64  `json:"size"`
			Key    string `json:"key"`
			ETag   string `json:"etag"`
		}{"success", "file", *object.Size, name, strings.Trim(*object.ETag, `"`)})
		if err != nil {
			return err
		}
	}
	return nil
}

// versioning prints whether a bucket keeps older versions.
func versioning(out io.Writer, given string) error {
	of, err := folderOf(given)
	if err != nil {
		return err
	}
	found, err := of.store.GetBucketVersioning(context.Background(), &s3.GetBucketVersioningInput{Bucket: &of.bucket})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `{"Op":"info","status":"success","url":%q,"versioning":{"status":%q,"MFADelete":""}}`+"\n", given, found.Status)
	return err
}

// mirrorOptions are the real client's that change nothing here: how often and how fast it tries, and what it prints.
var mirrorOptions = []string{"--retry", "--skip-errors", "--summary", "--md5"}

// mirror is `mc mirror [--overwrite] [--max-workers N] FROM TO`: it deletes nothing. A file that is there is copied again only to overwrite it, if
// its size is another or it was written since.
func mirror(arguments []string) error {
	overwrite := false
	var places []string
	for i := 0; i < len(arguments); i++ {
		switch argument := arguments[i]; {
		case argument == "--overwrite":
			overwrite = true
		case argument == "--max-workers":
			i++
		case slices.Contains(mirrorOptions, argument):
		case strings.HasPrefix(argument, "-"):
			return fmt.Errorf("the sandbox's does not know: mc mirror %s", argument)
		default:
			places = append(places, argument)
		}
	}
	if len(places) != 2 {
		return errors.New("mirror takes FROM and TO")
	}
	ctx := context.Background()
	from, err := folderOf(places[0])
	if err != nil {
		return err
	}
	to, err := folderOf(places[1])
	if err != nil {
		return err
	}
	given, err := from.files(ctx)
	if err != nil {
		return err
	}
	there, err := to.files(ctx)
	if err != nil {
		return err
	}
	for name, file := range given {
		if old, is := there[name]; is && (!overwrite || *old.Size == *file.Size && !file.LastModified.After(*old.LastModified)) {
			continue
		}
		if err := from.copyTo(ctx, to, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (f *folder) copyTo(ctx context.Context, to *folder, name string) error {
	read, err := f.store.GetObject(ctx, &s3.GetObjectInput{Bucket: &f.bucket, Key: aws.String(f.prefix + name)})
	if err != nil {
		return err
	}
	defer read.Body.Close()
	text, err := io.ReadAll(read.Body) // to be signed
	if err != nil {
		return err
	}
	_, err = to.store.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &to.bucket, Key: aws.String(to.prefix + name), Body: bytes.NewReader(text), ContentType: read.ContentType,
	})
	return err
}
