package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/iransre/exchange-platform/sandbox/storage"
)

// stores are one folder of buckets, as each user sees it: the administrator all buckets, another one those of the policies that it has.
type stores struct {
	dir  string
	root login

	mu    sync.RWMutex
	known known
	byKey map[string]*storage.Storage
}

// known is what the server was told by its administrator. It lies beside the buckets.
type known struct {
	Buckets map[string]bool // whether everybody may read
	// Policies are the buckets that each lets be used.
	Policies map[string][]string
	Users    map[string]user
	// Promises are what was said of buckets otherwise.
	Promises map[string]promises
}

type promises struct {
	Versioned bool
	Rules     json.RawMessage
	Quota     string
}

type user struct {
	Secret   string
	Policies []string
}

// region is MinIO's, unless it is told another one.
const region = "us-east-1"

func (s *stores) file() string { return filepath.Join(s.dir, ".minio.sys", "known.json") }

func openStores(dir string, root login) (*stores, error) {
	s := &stores{dir: dir, root: root, known: known{Buckets: map[string]bool{}, Policies: map[string][]string{}, Users: map[string]user{}, Promises: map[string]promises{}}}
	text, err := os.ReadFile(s.file())
	if err == nil {
		err = json.Unmarshal(text, &s.known)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return s, s.open()
}

// open makes of what is known what each user sees.
func (s *stores) open() error {
	logins := map[string]storage.Options{s.root.Key: {SecretKey: s.root.Secret, Buckets: slices.Sorted(maps.Keys(s.known.Buckets))}}
	for name, user := range s.known.Users {
		options := storage.Options{SecretKey: user.Secret}
		for _, policy := range user.Policies {
			for _, bucket := range s.known.Policies[policy] {
				if _, made := s.known.Buckets[bucket]; made {
					options.Buckets = append(options.Buckets, bucket)
				}
			}
		}
		logins[name] = options
	}
	opened := map[string]*storage.Storage{}
	for key, options := range logins {
		options.Dir, options.AccessKey, options.Region = s.dir, key, region
		for _, bucket := range options.Buckets {
			if s.known.Buckets[bucket] {
				options.Public = append(options.Public, bucket)
			}
		}
		store, err := storage.New(options)
		if err != nil {
			return err
		}
		opened[key] = store
	}
	old := s.byKey
	s.byKey = opened
	for _, store := range old {
		_ = store.Close()
	}
	return nil
}

// of is the folder as somebody sees it, until release. Whom the server does not know, the administrator's refuses.
func (s *stores) of(key string) (store http.Handler, release func()) {
	s.mu.RLock()
	if found := s.byKey[key]; found != nil {
		return found, s.mu.RUnlock
	}
	return s.byKey[s.root.Key], s.mu.RUnlock
}

// change does what the administrator wants, and keeps it.
func (s *stores) change(wanted change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if wanted.Bucket != "" {
		if strings.HasPrefix(wanted.Bucket, ".") || strings.Contains(wanted.Bucket, "/") {
			return fmt.Errorf("no bucket can be called %q", wanted.Bucket)
		}
		public := s.known.Buckets[wanted.Bucket]
		if wanted.Public != nil {
			public = *wanted.Public
		}
		s.known.Buckets[wanted.Bucket] = public
		s.known.Promises[wanted.Bucket] = s.known.Promises[wanted.Bucket].with(wanted)
	}
	if wanted.Document != nil {
		buckets, err := bucketsOf(wanted.Document)
		if err != nil {
			return err
		}
		s.known.Policies[wanted.Policy] = buckets
	}
	if wanted.User != "" {
		of, there := s.known.Users[wanted.User]
		if wanted.Secret != "" {
			of.Secret = wanted.Secret
		} else if !there {
			return fmt.Errorf("there is no user %q", wanted.User)
		}
		if wanted.Policy != "" && wanted.Document == nil {
			if _, defined := s.known.Policies[wanted.Policy]; !defined {
				return fmt.Errorf("there is no policy %q", wanted.Policy)
			}
			of.Policies = append(slices.DeleteFunc(of.Policies, func(other string) bool { return other == wanted.Policy }), wanted.Policy)
		}
		s.known.Users[wanted.User] = of
	}
	text, err := json.Marshal(s.known)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.file()), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(s.file()+".new", text, 0o600); err != nil {
		return err
	}
	if err := os.Rename(s.file()+".new", s.file()); err != nil {
		return err
	}
	return s.open()
}

// with is what is promised after another word.
func (p promises) with(wanted change) promises {
	p.Versioned = p.Versioned || wanted.Versioned
	if wanted.Rules != nil {
		p.Rules = wanted.Rules
	}
	if wanted.Quota != "" {
		p.Quota = wanted.Quota
	}
	return p
}

// bucketsOf are the buckets whose objects a policy lets be used.
func bucketsOf(document json.RawMessage) ([]string, error) {
	var policy struct {
		Statement []struct {
			Effect   string
			Resource []string
		}
	}
	if err := json.Unmarshal(document, &policy); err != nil {
		return nil, fmt.Errorf("the policy: %w", err)
	}
	var buckets []string
	for _, statement := range policy.Statement {
		if statement.Effect != "Allow" {
			return nil, fmt.Errorf("a policy with %q is more than the sandbox's knows", statement.Effect)
		}
		for _, resource := range statement.Resource {
			bucket, objects := strings.CutSuffix(strings.TrimPrefix(resource, "arn:aws:s3:::"), "/*")
			if objects && !slices.Contains(buckets, bucket) {
				buckets = append(buckets, bucket)
			}
		}
	}
	return buckets, nil
}
