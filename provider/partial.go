package provider

import "github.com/pulumi/pulumi-go-provider/infer"

// partial turns what went wrong after an object was made into the error that makes Pulumi keep the object: the next update
// goes on from there. Any other error would make Pulumi forget it.
func partial(err error) error {
	if err == nil {
		return nil
	}
	return infer.ResourceInitFailedError{Reasons: []string{err.Error()}}
}
