package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// journalctl prints what a service wrote.
func journalctl(args []string) (int, error) {
	o := options{
		flags:  []string{"--no-pager", "-f", "--follow", "-q", "--quiet", "-a", "--all", "-e", "--pager-end", "-x", "--catalog", "--no-hostname", "--no-full", "--full", "-l", "-b", "--utc", "--no-tail"},
		values: []string{"-u", "--unit", "-n", "--lines", "-o", "--output"},
	}
	if err := o.parse(args); err != nil {
		return 1, err
	}
	units := slices.Concat(o.got["-u"], o.got["--unit"])
	if len(units) != 1 || len(o.rest) > 0 {
		return 1, fmt.Errorf("the sandbox keeps one journal per service: name one with -u")
	}
	query := url.Values{}
	if lines := o.last("-n", "--lines"); lines != "" && lines != "all" {
		query.Set("lines", lines)
	}
	if o.set["-f"] || o.set["--follow"] {
		query.Set("follow", "")
		if !query.Has("lines") && !o.set["--no-tail"] {
			query.Set("lines", "10")
		}
	}
	switch format := o.last("-o", "--output"); format {
	case "", "short", "short-iso":
	case "cat":
		query.Set("plain", "")
	default:
		return 1, errUsage("--output=" + format)
	}
	body, err := open(http.MethodGet, guestapi.Units+units[0]+"/journal?"+query.Encode(), nil)
	if err != nil {
		return 1, err
	}
	defer body.Close()
	_, err = io.Copy(os.Stdout, body)
	return 0, err
}
