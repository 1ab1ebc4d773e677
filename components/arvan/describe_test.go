package arvan_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/iransre/exchange-platform/internal/mocktest"
)

func sprint(value any) string { return fmt.Sprint(value) }

// describe is a firewall rule on one line.
func describe(rule resource.PropertyMap) string {
	plain := mocktest.Plain(resource.NewProperty(rule)).(map[string]any)
	ports := "all ports"
	if from, ok := plain["portFrom"]; ok {
		ports = fmt.Sprintf("port %v", from)
	}
	return fmt.Sprintf("%v %v %s %v: %v", plain["direction"], plain["protocol"], ports, plain["cidrs"], plain["description"])
}
