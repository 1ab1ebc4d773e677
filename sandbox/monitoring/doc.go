// Package monitoring holds the tests of what the platform tells Prometheus and Alertmanager, made with their own code: the rules
// are evaluated by Prometheus' engine, Alertmanager's configuration is read and its messages are written by Alertmanager. It is a
// module of its own: what these two depend on would otherwise decide versions for the whole sandbox.
package monitoring
