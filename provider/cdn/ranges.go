package cdn

import (
	"context"

	"github.com/iransre/exchange-platform/provider/internal/resource"
)

// GetRangesArgs are the arguments of getRanges: none.
type GetRangesArgs struct{}

// GetRangesResult is what getRanges tells.
type GetRangesResult struct {
	Ranges []string `pulumi:"ranges" doc:"The ranges, sorted."`
}

// GetRanges is the function arvancloud:cdn:getRanges.
var GetRanges = &resource.Function[GetRangesArgs, GetRangesResult]{
	Type: "cdn:getRanges",
	About: "Lists the addresses from which the CDN connects to origins, as ArvanCloud's site publishes them (www.arvancloud.ir/en/ips.txt). " +
		"They are those of all its customers' requests.",
	Call: func(ctx context.Context, s *resource.Session, _ GetRangesArgs) (GetRangesResult, error) {
		ranges, err := s.EdgeRanges(ctx)
		return GetRangesResult{ranges}, err
	},
}
