package kubeadm

import "fmt"

// version is one of Kubernetes.
type version struct{ major, minor, patch int }

func parseVersion(text string) (version, error) {
	var v version
	if _, err := fmt.Sscanf(text, "v%d.%d.%d", &v.major, &v.minor, &v.patch); err != nil || v.String() != text {
		return version{}, fmt.Errorf("%q is not a version like v1.35.4", text)
	}
	return v, nil
}

// String writes the version as Kubernetes does.
func (v version) String() string { return fmt.Sprintf("v%d.%d.%d", v.major, v.minor, v.patch) }

func (v version) less(other version) bool {
	if v.major != other.major {
		return v.major < other.major
	}
	if v.minor != other.minor {
		return v.minor < other.minor
	}
	return v.patch < other.patch
}
