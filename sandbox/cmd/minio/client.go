package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// client does one command of mc's.
func client(arguments []string) error {
	is := func(words ...string) bool {
		return len(arguments) >= len(words) && slices.Equal(arguments[:len(words)], words)
	}
	at := func(i int) string {
		if i < len(arguments) {
			return arguments[i]
		}
		return ""
	}
	last := arguments
	if len(last) > 0 {
		last = last[len(last)-1:]
	}
	switch {
	case is("ls") && len(arguments) == 2:
		return list(at(1))
	case is("ls", "--recursive") && len(arguments) == 3:
		return describe(os.Stdout, at(2))
	case is("version", "info") && len(arguments) == 3:
		return versioning(os.Stdout, at(2))
	case is("mirror"):
		return mirror(arguments[1:])
	case is("mb"):
		server, bucket, err := place(last[0])
		return errors.Join(err, tell(server, change{Bucket: bucket}))
	case is("anonymous", "set-json"), is("anonymous", "set", "none"), is("anonymous", "set", "download"):
		server, bucket, err := place(at(3))
		public := !is("anonymous", "set", "none")
		return errors.Join(err, tell(server, change{Bucket: bucket, Public: &public}))
	case is("version", "enable") && len(arguments) == 3:
		server, bucket, err := place(at(2))
		return errors.Join(err, tell(server, change{Bucket: bucket, Versioned: true}))
	case is("ilm", "rule", "import") && len(arguments) == 4:
		server, bucket, err := place(at(3))
		if err != nil {
			return err
		}
		var rules struct{ Rules []json.RawMessage }
		text, err := io.ReadAll(os.Stdin)
		if err == nil {
			err = json.Unmarshal(text, &rules)
		}
		if err == nil && len(rules.Rules) == 0 {
			err = errors.New("the provided ILM configuration does not contain any rule")
		}
		if err != nil {
			return err
		}
		return tell(server, change{Bucket: bucket, Rules: text})
	case is("quota", "set") && at(3) == "--size" && len(arguments) == 5:
		server, bucket, err := place(at(2))
		return errors.Join(err, tell(server, change{Bucket: bucket, Quota: at(4)}))
	case is("admin", "policy", "create"):
		document, err := os.ReadFile(at(5))
		if err != nil {
			return err
		}
		return tell(alias(at(3)), change{Policy: at(4), Document: document})
	case is("admin", "policy", "attach") && at(5) == "--user":
		return tell(alias(at(3)), change{Policy: at(4), User: at(6)})
	case is("admin", "user", "add") && len(arguments) == 4:
		var lines []string
		for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); {
			lines = append(lines, scanner.Text())
		}
		if len(lines) < 2 {
			return errors.New("the user and its key are two lines on standard input")
		}
		return tell(alias(at(3)), change{User: lines[0], Secret: lines[1]})
	}
	return fmt.Errorf("the sandbox's does not know: mc %s", strings.Join(arguments, " "))
}

// alias is the address of a server, with who asks in it.
func alias(name string) *url.URL {
	address, err := url.Parse(os.Getenv("MC_HOST_" + name))
	if err != nil || address.Host == "" {
		return nil
	}
	return address
}

// place takes ALIAS/BUCKET apart.
func place(given string) (*url.URL, string, error) {
	name, bucket, _ := strings.Cut(given, "/")
	if bucket == "" {
		return nil, "", fmt.Errorf("%q names no bucket", given)
	}
	return alias(name), strings.TrimSuffix(bucket, "/"), nil
}

var errNoAlias = errors.New("no such server: the variable MC_HOST_… has its address")

// tell tells a server what its administrator wants.
func tell(server *url.URL, wanted change) error {
	if server == nil {
		return errNoAlias
	}
	body, err := json.Marshal(wanted)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, "http://"+server.Host+administration, bytes.NewReader(body))
	if err != nil {
		return err
	}
	secret, _ := server.User.Password()
	request.SetBasicAuth(server.User.Username(), secret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		reason, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
		return errors.New(strings.TrimSpace(string(reason)))
	}
	return nil
}

// list prints the names below ALIAS/BUCKET/PREFIX.
func list(given string) error {
	name, path, _ := strings.Cut(given, "/")
	bucket, prefix, _ := strings.Cut(path, "/")
	server := alias(name)
	if server == nil {
		return errNoAlias
	}
	store := clientOf(server)
	pages := s3.NewListObjectsV2Paginator(store, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			return err
		}
		for _, object := range page.Contents {
			fmt.Println(*object.Key)
		}
	}
	return nil
}
