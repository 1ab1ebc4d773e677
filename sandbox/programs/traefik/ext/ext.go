// Package ext is what Traefik's configuration has besides its own: nothing. Traefik's is a module in a folder of its repository, of which no archive
// of modules has a version.
package ext

type HTTP struct{}

type Router struct{}
