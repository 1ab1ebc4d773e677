package emulator

import (
	"path"
	"strings"
)

// handler serves one API operation with the world locked.
type handler func(*call) reply

type route struct {
	method   string
	segments []string
	handle   handler
}

// router finds the operation for a method and path. http.ServeMux refuses pairs such as /servers/inquiry/{task} and
// /servers/{id}/actions as ambiguous; here the route with the earlier literal segment wins.
type router struct {
	prefix string
	routes *[]route
}

// under returns a router that adds to the same routes below a prefix.
func (r *router) under(prefix string) *router {
	if r.routes == nil {
		r.routes = &[]route{}
	}
	return &router{prefix: r.prefix + prefix, routes: r.routes}
}

// handle adds the operation for a pattern such as "POST /servers/{id}/rename".
func (r *router) handle(pattern string, h handler) {
	if r.routes == nil {
		r.routes = &[]route{}
	}
	method, path, _ := strings.Cut(pattern, " ")
	*r.routes = append(*r.routes, route{method: method, segments: segmentsOf(r.prefix + path), handle: h})
}

// find returns the operation, nil when there is none.
func (r *router) find(method, urlPath string) *route {
	segments := segmentsOf(urlPath)
	var best *route
	for i := range *r.routes {
		candidate := &(*r.routes)[i]
		if candidate.method == method && candidate.fits(segments) && (best == nil || candidate.moreSpecific(best)) {
			best = candidate
		}
	}
	return best
}

// match returns what serves the operation, and the values of its path parameters.
func (r *router) match(method, urlPath string) (handler, map[string]string) {
	best := r.find(method, urlPath)
	if best == nil {
		return nil, nil
	}
	segments, parameters := segmentsOf(urlPath), map[string]string{}
	for i, segment := range best.segments {
		if isParameter(segment) {
			parameters[strings.Trim(segment, "{}")] = segments[i]
		}
	}
	return best.handle, parameters
}

func (r *route) fits(segments []string) bool {
	if len(r.segments) != len(segments) {
		return false
	}
	for i, segment := range r.segments {
		if !isParameter(segment) && segment != segments[i] {
			return false
		}
	}
	return true
}

func (r *route) moreSpecific(other *route) bool {
	for i := range r.segments {
		if mine, theirs := isParameter(r.segments[i]), isParameter(other.segments[i]); mine != theirs {
			return theirs
		}
	}
	return false
}

func isParameter(segment string) bool { return strings.HasPrefix(segment, "{") }

// segmentsOf splits a path. Trailing and doubled slashes mean nothing: the API documents some routes with a trailing slash,
// and the old Terraform provider sends doubled ones.
func segmentsOf(urlPath string) []string {
	return strings.Split(strings.Trim(path.Clean(urlPath), "/"), "/")
}
