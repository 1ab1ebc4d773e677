package storage

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// The words that stand for a digest of the body in x-amz-content-sha256.
const (
	unsigned        = "UNSIGNED-PAYLOAD"
	unsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	signedChunks    = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	signedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
)

// checksums are the ways in which clients sum up a body, by the headers or trailers that tell the sum in base64.
var checksums = map[string]func() hash.Hash{
	"content-md5":              md5.New,
	"x-amz-checksum-crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"x-amz-checksum-crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"x-amz-checksum-crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
	"x-amz-checksum-sha1":      sha1.New,
	"x-amz-checksum-sha256":    sha256.New,
}

// openPayload makes the body of a request what the client means, and checks it while it is read.
func openPayload(r *http.Request, signatures *chain) error {
	payload := r.Header.Get("X-Amz-Content-Sha256")
	body := &checked{from: r.Body, sums: map[string]hash.Hash{}, wanted: map[string]string{}, length: -1}
	trailer := strings.ToLower(r.Header.Get("X-Amz-Trailer"))
	switch payload {
	case unsigned:
	case unsignedTrailer, signedChunks, signedTrailer:
		length, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
		if err != nil {
			return refuse(http.StatusLengthRequired, "MissingContentLength", "x-amz-decoded-content-length is missing")
		}
		if payload == unsignedTrailer {
			signatures = nil
		}
		body.length = length
		body.from = &chunked{from: bufio.NewReader(r.Body), signatures: signatures, hasTrailer: payload != signedChunks,
			trailer: func(name, value string) { body.wanted[name] = value }}
	default:
		body.sums["x-amz-content-sha256"], body.wanted["x-amz-content-sha256"] = sha256.New(), payload
	}
	for name, sum := range checksums {
		if value := r.Header.Get(name); value != "" {
			body.sums[name], body.wanted[name] = sum(), value
		}
	}
	if trailer != "" {
		sum, known := checksums[trailer]
		if !known {
			return refuse(http.StatusBadRequest, "InvalidRequest", "the trailer "+trailer+" is no checksum that the sandbox's storage knows")
		}
		body.sums[trailer] = sum()
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{body, r.Body}
	return nil
}

// checked is a body that must have the digests that were told, at the latest behind it.
type checked struct {
	from   io.Reader
	sums   map[string]hash.Hash
	wanted map[string]string
	length int64 // -1: not told
	read   int64
}

// Read reads, and refuses the end of another body than the one that was told.
func (c *checked) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.read += int64(n)
	for _, sum := range c.sums {
		sum.Write(p[:n])
	}
	if err != io.EOF {
		return n, err
	}
	if c.length >= 0 && c.read != c.length {
		return n, refuse(http.StatusBadRequest, "IncompleteBody", "the body has not the length of x-amz-decoded-content-length")
	}
	for name, sum := range c.sums {
		text, code := base64.StdEncoding.EncodeToString(sum.Sum(nil)), "BadDigest"
		if name == "x-amz-content-sha256" {
			text, code = hex.EncodeToString(sum.Sum(nil)), "XAmzContentSHA256Mismatch"
		}
		if text != c.wanted[name] {
			return n, refuse(http.StatusBadRequest, code, "The provided '"+name+"' does not match what was computed.")
		}
	}
	return n, io.EOF
}

// maxChunk is how much of a body is held in memory until its signature is checked.
const maxChunk = 16 << 20

// chunked is a body in the encoding aws-chunked.
type chunked struct {
	from       *bufio.Reader
	signatures *chain // nil: the chunks are not signed
	hasTrailer bool
	trailer    func(name, value string)
	chunk      []byte
	ended      bool
}

// Read reads what the chunks hold.
func (c *chunked) Read(p []byte) (int, error) {
	if len(c.chunk) == 0 && !c.ended {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if len(c.chunk) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.chunk)
	c.chunk = c.chunk[n:]
	return n, nil
}

func (c *chunked) next() error {
	malformed := refuse(http.StatusBadRequest, "IncompleteBody", "the body is not in the encoding aws-chunked")
	line, err := c.from.ReadString('\n')
	if err != nil {
		return malformed
	}
	digits, extension, _ := strings.Cut(strings.TrimSpace(line), ";")
	size, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || size > maxChunk {
		return malformed
	}
	c.chunk = make([]byte, size)
	if _, err := io.ReadFull(c.from, c.chunk); err != nil {
		return malformed
	}
	if c.signatures != nil && !c.signatures.follows(strings.TrimPrefix(extension, "chunk-signature="), "PAYLOAD", digest(nil), digest(c.chunk)) {
		return badSignature("a chunk")
	}
	if size > 0 {
		if end, err := c.from.ReadString('\n'); err != nil || strings.TrimSpace(end) != "" {
			return malformed
		}
		return nil
	}
	c.ended = true
	return c.readTrailer()
}

// readTrailer reads what stands behind the last chunk.
func (c *chunked) readTrailer() error {
	var told bytes.Buffer
	signature := ""
	for {
		line, err := c.from.ReadString('\n')
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			name = strings.ToLower(strings.TrimSpace(name))
			value = strings.TrimSpace(value)
			if name == "x-amz-trailer-signature" {
				signature = value
			} else {
				fmt.Fprintf(&told, "%s:%s\n", name, value)
				c.trailer(name, value)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if c.signatures != nil && c.hasTrailer && !c.signatures.follows(signature, "TRAILER", digest(told.Bytes())) {
		return badSignature("the trailer")
	}
	return nil
}

func badSignature(of string) error {
	return refuse(http.StatusForbidden, "SignatureDoesNotMatch", "The signature of "+of+" does not match the one we calculated.")
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
