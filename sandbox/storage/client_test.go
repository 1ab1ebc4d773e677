package storage

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
	"gotest.tools/v3/assert"
)

// sdk is Amazon's client for Go with its own defaults, as it is behind Pulumi's login; gocloud is what Pulumi sees of it.
func sdk(t *testing.T) (*Storage, *s3.Client) {
	t.Helper()
	storage, url := serve(t)
	return storage, s3.New(s3.Options{BaseEndpoint: &url, Region: "here", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("the-user", "the-secret", "")})
}

func gocloud(t *testing.T) (*Storage, *blob.Bucket) {
	t.Helper()
	storage, client := sdk(t)
	bucket, err := s3blob.OpenBucket(t.Context(), client, "backups", nil)
	assert.NilError(t, err)
	t.Cleanup(func() { assert.NilError(t, bucket.Close()) })
	return storage, bucket
}

var bucket = aws.String("backups")

// What Pulumi does with a state: it copies the last one beside, writes the new one, keeps a history, and locks.
func TestAStateOfPulumi(t *testing.T) {
	ctx := t.Context()
	_, bucket := gocloud(t)
	const file = ".pulumi/stacks/exchange-platform/demo.json"
	assert.NilError(t, bucket.WriteAll(ctx, ".pulumi/meta.yaml", []byte("version: 1\n"), nil))
	for _, text := range []string{"one", strings.Repeat("two", 4<<20)} { // the second is more than one part
		if there, err := bucket.Exists(ctx, file); err != nil || there {
			assert.NilError(t, err)
			assert.NilError(t, bucket.Copy(ctx, file+".bak", file, nil))
		}
		assert.NilError(t, bucket.WriteAll(ctx, file, []byte(text), nil))
		read, err := bucket.ReadAll(ctx, file)
		assert.NilError(t, err)
		assert.Assert(t, string(read) == text)
		assert.NilError(t, bucket.Copy(ctx, ".pulumi/history/exchange-platform/demo/demo-1 & 2+.json", file, nil))
	}
	kept, err := bucket.ReadAll(ctx, file+".bak")
	assert.NilError(t, err)
	assert.Equal(t, string(kept), "one", "a copy is whole")
	assert.NilError(t, bucket.Copy(ctx, "again.json", ".pulumi/history/exchange-platform/demo/demo-1 & 2+.json", nil))

	// as Pulumi looks for stacks of the layout before projects: files in this folder, but not below
	var names []string
	for listing := bucket.List(&blob.ListOptions{Delimiter: "/", Prefix: ".pulumi/stacks/"}); ; {
		object, err := listing.Next(ctx)
		if err == io.EOF {
			break
		}
		assert.NilError(t, err)
		assert.Assert(t, object.IsDir, object.Key)
		names = append(names, object.Key)
	}
	assert.DeepEqual(t, names, []string{".pulumi/stacks/exchange-platform/"})

	lock := ".pulumi/locks/organization/exchange-platform/demo/1.json"
	assert.NilError(t, bucket.WriteAll(ctx, lock, []byte("{}"), &blob.WriterOptions{IfNotExist: true}))
	assert.ErrorContains(t, bucket.WriteAll(ctx, lock, []byte("{}"), &blob.WriterOptions{IfNotExist: true}), "PreconditionFailed")
	assert.NilError(t, bucket.Delete(ctx, lock))
	there, err := bucket.Exists(ctx, lock)
	assert.NilError(t, err)
	assert.Assert(t, !there)
	assert.NilError(t, bucket.WriteAll(ctx, ".pulumi/locks/organization", nil, nil), "folders go with the last object in them")
}

func TestListingsAreWholeOnPagesOfAnySize(t *testing.T) {
	ctx := t.Context()
	_, client := sdk(t)
	all := []string{"a/1", "a/2/x", "a/2/y", "a/3 +&%é", "a.txt", "b", "c/1"}
	for _, name := range all {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &name, Body: strings.NewReader(name)})
		assert.NilError(t, err)
	}
	for _, test := range []struct {
		input s3.ListObjectsV2Input
		want  string
	}{
		{s3.ListObjectsV2Input{}, "a.txt a/1 a/2/x a/2/y a/3 +&%é b c/1"},
		{s3.ListObjectsV2Input{Delimiter: aws.String("/")}, "a.txt a/ b c/"},
		{s3.ListObjectsV2Input{Delimiter: aws.String("/"), Prefix: aws.String("a/")}, "a/1 a/2/ a/3 +&%é"},
		{s3.ListObjectsV2Input{Delimiter: aws.String("/"), StartAfter: aws.String("a/1")}, "a/ b c/"},
		{s3.ListObjectsV2Input{Prefix: aws.String("a/2/"), StartAfter: aws.String("a/2/x")}, "a/2/y"},
		{s3.ListObjectsV2Input{Prefix: aws.String("none")}, ""},
		{s3.ListObjectsV2Input{MaxKeys: aws.Int32(1)}, "a.txt a/1 a/2/x a/2/y a/3 +&%é b c/1"},
	} {
		test.input.Bucket = bucket
		var found []string
		pages := s3.NewListObjectsV2Paginator(client, &test.input)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			assert.NilError(t, err)
			assert.Assert(t, len(page.Contents)+len(page.CommonPrefixes) <= options.PageSize)
			merged := map[string]bool{}
			for _, object := range page.Contents {
				merged[*object.Key] = true
				assert.Equal(t, int(*object.Size), len(*object.Key))
			}
			for _, prefix := range page.CommonPrefixes {
				merged[*prefix.Prefix] = true
			}
			for _, name := range append([]string{"a/", "a/2/", "c/"}, all...) { // each page is in its order below
				if merged[name] {
					found = append(found, name)
				}
			}
		}
		want := map[string]bool{}
		for _, name := range append([]string{"a/", "a/2/", "c/"}, all...) {
			want[name] = strings.Contains(" "+test.want+" ", " "+name+" ")
		}
		for _, name := range found {
			assert.Assert(t, want[name], "%q is listed, of %q", name, test.want)
			delete(want, name)
		}
		for name, missing := range want {
			assert.Assert(t, !missing, "%q is missing, of %q", name, test.want)
		}
	}
	first, err := client.ListObjects(ctx, &s3.ListObjectsInput{Bucket: bucket})
	assert.NilError(t, err)
	assert.Assert(t, *first.IsTruncated)
	second, err := client.ListObjects(ctx, &s3.ListObjectsInput{Bucket: bucket, Marker: first.NextMarker, EncodingType: types.EncodingTypeUrl})
	assert.NilError(t, err)
	assert.Equal(t, *second.Contents[0].Key, "a/2/x")
}

func TestObjectsAreReadInPartAndDeletedTogether(t *testing.T) {
	ctx := t.Context()
	storage, client := sdk(t)
	for _, name := range []string{"deep/down/1", "deep/down/2", "3"} {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &name, Body: strings.NewReader("0123456789")})
		assert.NilError(t, err)
	}
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("3")})
	assert.NilError(t, err)
	assert.Equal(t, *head.ContentLength, int64(10))
	for asked, want := range map[string]string{"bytes=2-4": "234", "bytes=8-": "89", "bytes=-3": "789"} {
		part, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("3"), Range: &asked, IfMatch: head.ETag})
		assert.NilError(t, err)
		text, err := io.ReadAll(part.Body)
		assert.NilError(t, err)
		assert.Equal(t, string(text), want)
	}
	for code, input := range map[string]*s3.GetObjectInput{
		"InvalidRange": {Bucket: bucket, Key: aws.String("3"), Range: aws.String("bytes=10-")},
		"NoSuchKey":    {Bucket: bucket, Key: aws.String("deep/down")},
	} {
		_, err = client.GetObject(ctx, input)
		assert.Equal(t, codeOf(err), code)
	}
	_, err = client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{
		{Key: aws.String("deep/down/1")}, {Key: aws.String("deep/down/2")}, {Key: aws.String("never/there")}}}})
	assert.NilError(t, err)
	left, err := os.ReadDir(filepath.Join(storage.options.Dir, "backups"))
	assert.NilError(t, err)
	assert.Equal(t, len(left), 1, "folders without objects are gone")
}

func TestUploadsInParts(t *testing.T) {
	ctx := t.Context()
	storage, client := sdk(t)
	whole := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	_, err := transfermanager.New(client).UploadObject(ctx, &transfermanager.UploadObjectInput{
		Bucket: bucket, Key: aws.String("large"), Body: bytes.NewReader(whole)})
	assert.NilError(t, err)
	text, err := os.ReadFile(filepath.Join(storage.options.Dir, "backups", "large"))
	assert.NilError(t, err)
	assert.Assert(t, bytes.Equal(text, whole))

	begun, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("copy")})
	assert.NilError(t, err)
	var parts []types.CompletedPart
	for number, span := range map[int32]string{1: "bytes=0-9", 2: "bytes=16-25"} {
		part, err := client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: bucket, Key: aws.String("copy"), UploadId: begun.UploadId,
			PartNumber: &number, CopySource: aws.String("backups/large"), CopySourceRange: &span})
		assert.NilError(t, err)
		parts = append(parts, types.CompletedPart{PartNumber: &number, ETag: part.CopyPartResult.ETag})
	}
	if *parts[0].PartNumber > *parts[1].PartNumber {
		parts[0], parts[1] = parts[1], parts[0]
	}
	complete := func(parts ...types.CompletedPart) error {
		_, err := client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: aws.String("copy"), UploadId: begun.UploadId,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		return err
	}
	assert.Equal(t, codeOf(complete(parts[1], parts[0])), "InvalidPartOrder")
	assert.Equal(t, codeOf(complete(types.CompletedPart{PartNumber: aws.Int32(1), ETag: aws.String("another")})), "InvalidPart")
	assert.NilError(t, complete(parts...))
	text, err = os.ReadFile(filepath.Join(storage.options.Dir, "backups", "copy"))
	assert.NilError(t, err)
	assert.Equal(t, string(text), "01234567890123456789")

	begun, err = client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("never")})
	assert.NilError(t, err)
	_, err = client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: bucket, Key: aws.String("never"), UploadId: begun.UploadId})
	assert.NilError(t, err)
	left, err := os.ReadDir(filepath.Join(storage.options.Dir, uploads))
	assert.NilError(t, err)
	assert.Equal(t, len(left), 0)
}

// An answer that looks like success for something that was not done costs an operator a night.
func TestWhatCannotBeDoneIsRefused(t *testing.T) {
	ctx := t.Context()
	storage, client := sdk(t)
	put := func(change func(*s3.PutObjectInput)) error {
		input := &s3.PutObjectInput{Bucket: bucket, Key: aws.String("object"), Body: strings.NewReader("text")}
		change(input)
		_, err := client.PutObject(ctx, input)
		return err
	}
	for what, change := range map[string]func(*s3.PutObjectInput){
		"metadata":  func(in *s3.PutObjectInput) { in.Metadata = map[string]string{"owner": "me"} },
		"tags":      func(in *s3.PutObjectInput) { in.Tagging = aws.String("a=b") },
		"a public":  func(in *s3.PutObjectInput) { in.ACL = types.ObjectCannedACLPublicRead },
		"a lock":    func(in *s3.PutObjectInput) { in.ObjectLockMode = types.ObjectLockModeCompliance },
		"a key":     func(in *s3.PutObjectInput) { in.ServerSideEncryption = types.ServerSideEncryptionAwsKms },
		"IfMatch":   func(in *s3.PutObjectInput) { in.IfMatch = aws.String("x") },
		"a folder":  func(in *s3.PutObjectInput) { in.Key = aws.String("folder/") },
		"an escape": func(in *s3.PutObjectInput) { in.Key = aws.String("../" + uploads + "/x") },
	} {
		assert.Equal(t, codeOf(put(change)), "NotImplemented", what)
	}
	_, err := client.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: bucket, ACL: types.BucketCannedACLPrivate})
	assert.Equal(t, codeOf(err), "NotImplemented")
	_, err = client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("backups/never-there")})
	assert.Equal(t, codeOf(err), "NoSuchKey")
	left, err := os.ReadDir(filepath.Join(storage.options.Dir, "backups"))
	assert.NilError(t, err)
	assert.Equal(t, len(left), 0, "nothing was written")

	assert.NilError(t, put(func(*s3.PutObjectInput) {}))
	assert.NilError(t, put(func(in *s3.PutObjectInput) { in.ServerSideEncryption = types.ServerSideEncryptionAes256 }), "as Barman asks for it")
	assert.Equal(t, codeOf(put(func(in *s3.PutObjectInput) { in.Key = aws.String("object/below") })), "NotImplemented")
	assert.Equal(t, codeOf(put(func(in *s3.PutObjectInput) { in.ChecksumSHA256 = aws.String("bm90IGl0cyBzdW0=") })), "BadDigest")
	assert.Equal(t, codeOf(put(func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") })), "PreconditionFailed")
}

func TestWhatClientsAskBeforeTheyBegin(t *testing.T) {
	ctx := t.Context()
	_, client := sdk(t)
	buckets, err := client.ListBuckets(ctx, &s3.ListBucketsInput{})
	assert.NilError(t, err)
	assert.Equal(t, *buckets.Buckets[0].Name, "backups")
	_, err = client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: bucket})
	assert.NilError(t, err)
	where, err := client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: bucket})
	assert.NilError(t, err)
	assert.Equal(t, string(where.LocationConstraint), "here")
	versioning, err := client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: bucket})
	assert.NilError(t, err)
	assert.Equal(t, string(versioning.Status), "")
	var answer *types.NotFound
	_, err = client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("others")})
	assert.Assert(t, errors.As(err, &answer), "%v", err)
}

func codeOf(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	return http.StatusText(http.StatusOK)
}
