// Virtual machines, private networks, security groups and DNS records on ArvanCloud.
package arvancloud
