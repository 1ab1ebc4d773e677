package mirrors

import (
	"archive/tar"
	"errors"
	"io"
	"path"
)

// translateWhiteouts copies an archive of an overlay's upper side. What is gone from the side below is a device 0/0 there, and an empty
// file .wh.NAME in a layer.
func translateWhiteouts(from io.Reader, to io.Writer) error {
	reader, writer := tar.NewReader(from), tar.NewWriter(to)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return writer.Close()
		}
		if err != nil {
			return err
		}
		if header.Typeflag == tar.TypeChar && header.Devmajor == 0 && header.Devminor == 0 {
			directory, name := path.Split(header.Name)
			header = &tar.Header{Typeflag: tar.TypeReg, Name: directory + ".wh." + name, ModTime: header.ModTime}
		}
		header.Format = tar.FormatPAX
		if err := writer.WriteHeader(header); err != nil {
			return err
		}
		if _, err := io.Copy(writer, reader); err != nil {
			return err
		}
	}
}
