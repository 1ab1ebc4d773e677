package client

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// rangesPath is a page of ArvanCloud's site, and no operation of the API: it needs no key, and has none sent.
	rangesPath = "/en/ips.txt"
	siteHost   = "www.arvancloud.ir"

	rangesTimeout = 10 * time.Second
	rangesSize    = 64 << 10
	// leastBits is how wide a range may be at most: a wider one would be a mistake in the list, and lets in half the world.
	leastBits = 14
)

// EdgeRanges reads the public list of the addresses from which the CDN connects to origins, sorted.
func (c *Client) EdgeRanges(ctx context.Context) ([]string, error) {
	address := c.base + rangesPath
	if base, err := url.Parse(c.base); err == nil && base.Host == officialHost {
		address = base.Scheme + "://" + siteHost + rangesPath
	}
	ctx, cancel := context.WithTimeout(ctx, rangesTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", c.options.UserAgent)
	response, err := c.options.HTTP.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the list of the CDN's ranges: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the list of the CDN's ranges: %s answers %s", address, response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, rangesSize))
	if err != nil {
		return nil, fmt.Errorf("the list of the CDN's ranges: %w", err)
	}
	ranges, err := parseRanges(text)
	if err != nil {
		return nil, fmt.Errorf("%s is no list of the CDN's ranges: %w", address, err)
	}
	return ranges, nil
}

// parseRanges reads one range or address a line. Whatever else there is makes it no list: the site has pages for those whom it lets see
// nothing, and a firewall must not be made of half of one.
func parseRanges(text []byte) ([]string, error) {
	var ranges []string
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if address, err := netip.ParseAddr(line); err == nil {
			line = netip.PrefixFrom(address, address.BitLen()).String()
		}
		prefix, err := netip.ParsePrefix(line)
		switch {
		case err != nil:
			return nil, fmt.Errorf("it holds %.40q", line)
		case prefix.Bits() < leastBits:
			return nil, fmt.Errorf("it holds %s, which is wider than any CDN", prefix)
		}
		ranges = append(ranges, prefix.Masked().String())
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(ranges) == 0 {
		return nil, fmt.Errorf("it is empty")
	}
	slices.Sort(ranges)
	return slices.Compact(ranges), nil
}
