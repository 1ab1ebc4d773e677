// Virtual machines, networks, disks and addresses, and the CDN, on ArvanCloud.
package arvancloud
