package field_test

import (
	"errors"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"k8s.io/apimachinery/pkg/util/validation"
	theirs "k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/iransre/exchange-platform/internal/field"
)

func TestNamesAreJudgedAsKubernetesDoes(t *testing.T) {
	for name, both := range map[string][2]func(string) []string{
		"label":       {field.IsDNS1123Label, validation.IsDNS1123Label},
		"subdomain":   {field.IsDNS1123Subdomain, validation.IsDNS1123Subdomain},
		"label's key": {field.IsQualifiedName, validation.IsQualifiedName},
		"value":       {field.IsValidLabelValue, validation.IsValidLabelValue},
	} {
		for _, text := range []string{
			"", "a", "worker-1", "-a", "a-", "A", "a.b", "a..b", ".a", "a_b", "a/b", "/b", "a/", "a/b/c", "/", "A.b/c", "a b", "a\n", "é", "1",
			"-a/b", "example.com/team", "example.com/-", strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 254),
			strings.Repeat("a", 254) + "/" + strings.Repeat("b", 64), strings.Repeat("a.", 126) + "a",
		} {
			// of a length Kubernetes says bytes here, characters there
			said := strings.NewReplacer("more than 63 characters", "more than 63 bytes", "253 characters", "253 bytes").Replace(strings.Join(both[1](text), "\n"))
			assert.Equal(t, strings.Join(both[0](text), "\n"), said, "%s %q", name, text)
		}
	}
	for _, port := range []int{-1, 0, 1, 22, 65535, 65536} {
		assert.DeepEqual(t, field.IsValidPortNum(port), validation.IsValidPortNum(port))
	}
}

func TestMessagesReadAsKubernetesMessages(t *testing.T) {
	ours, their := field.NewPath("nodes", "each").Index(2).Child("labels", "of").Key("team"), theirs.NewPath("nodes", "each").Index(2).Child("labels", "of").Key("team")
	for _, both := range [][2]error{
		{field.Required(ours, "say it"), theirs.Required(their, "say it")},
		{field.Forbidden(ours, "not here"), theirs.Forbidden(their, "not here")},
		{field.Invalid(ours, `a "b"`, "must be c"), theirs.Invalid(their, `a "b"`, "must be c")},
		{field.Invalid(ours, 7, "must be 8"), theirs.Invalid(their, 7, "must be 8")},
		{field.Invalid(ours, true, ""), theirs.Invalid(their, true, "")},
		{field.Invalid(ours, []string{"a"}, "must be one"), theirs.Invalid(their, []string{"a"}, "must be one")},
		{field.Invalid(ours, field.OmitValueType{}, "must be secret"), theirs.Invalid(their, theirs.OmitValueType{}, "must be secret")},
		{field.Duplicate(ours, "a"), theirs.Duplicate(their, "a")},
		{field.NotSupported(ours, "a", []string{"b", "c"}), theirs.NotSupported(their, "a", []string{"b", "c"})},
		{field.InternalError(ours, errors.New("lost")), theirs.InternalError(their, errors.New("lost"))},
	} {
		assert.Equal(t, both[0].Error(), both[1].Error())
	}
	assert.Equal(t, (*field.Path)(nil).String(), (*theirs.Path)(nil).String())
}
