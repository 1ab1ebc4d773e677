//go:build !linux && !darwin

package stacks

import "errors"

// freeMebibytes is not known here.
func freeMebibytes(string) (uint64, error) { return 0, errors.ErrUnsupported }
