package ingress

import (
	"bufio"
	"bytes"
	"crypto/sha1" // NGINX' {SHA} is made of it
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// access is who gets at an Ingress, as its annotations say; the zero value is everybody.
type access struct {
	// closed: what the annotations say cannot be held, so nobody gets in. ingress-nginx answers 503 then.
	closed bool
	// allowed are where clients come from; nil is everywhere.
	allowed []netip.Prefix
	// users are those who log in, with their hashes; nil asks nobody.
	users map[string]string
	realm string
}

// readAccess reads the annotations. Whoever writes one that is wrong must not find his page open.
func (t *table) readAccess(o objects, ingress *networkingv1.Ingress) access {
	var a access
	closed := func(format string, values ...any) access {
		t.problem(ingress, format, values...)
		return access{closed: true}
	}
	for _, name := range []string{"whitelist-source-range", "allowlist-source-range"} {
		ranges, limited := ingress.Annotations[annotation+name]
		if !limited {
			continue
		}
		for text := range strings.SplitSeq(ranges, ",") {
			prefix, err := readPrefix(strings.TrimSpace(text))
			if err != nil {
				return closed("%s: %v", name, err)
			}
			a.allowed = append(a.allowed, prefix)
		}
	}
	kind, asks := ingress.Annotations[annotation+"auth-type"]
	if !asks {
		return a
	}
	if kind != "basic" {
		return closed("auth-type: %q is not understood here", kind)
	}
	name := ingress.Annotations[annotation+"auth-secret"]
	secret := o.passwords(ingress.Namespace, name)
	if secret == nil || secret.Data["auth"] == nil {
		return closed("auth-secret: there is no Secret %s/%s with a key auth", ingress.Namespace, name)
	}
	a.users, a.realm = readPasswords(secret.Data["auth"]), ingress.Annotations[annotation+"auth-realm"]
	return a
}

// readPrefix reads a range, or one address.
func readPrefix(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		return address.Prefix(address.BitLen())
	}
	return netip.ParsePrefix(text)
}

// readPasswords reads a password file: of each line, its user and its hash.
func readPasswords(file []byte) map[string]string {
	users := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(file)); lines.Scan(); {
		if user, hash, found := strings.Cut(lines.Text(), ":"); found {
			users[user] = hash
		}
	}
	return users
}

func (a *access) admits(client string) bool {
	if a.allowed == nil {
		return true
	}
	address, err := netip.ParseAddr(client)
	return err == nil && slices.ContainsFunc(a.allowed, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}

func (a *access) knows(in *http.Request) bool {
	if a.users == nil {
		return true
	}
	user, password, said := in.BasicAuth()
	return said && isPassword(a.users[user], password)
}

// isPassword tells whether a hash is of a password; of NGINX' own kinds, {SHA} alone is understood.
func isPassword(hash, password string) bool {
	encoded, is := strings.CutPrefix(hash, "{SHA}")
	wanted, err := base64.StdEncoding.DecodeString(encoded)
	sum := sha1.Sum([]byte(password))
	return is && err == nil && subtle.ConstantTimeCompare(sum[:], wanted) == 1
}
