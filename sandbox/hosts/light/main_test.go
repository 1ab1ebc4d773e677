package light_test

import (
	"testing"

	"github.com/iransre/exchange-platform/sandbox/hosts/light/lighttest"
)

func TestMain(m *testing.M) { lighttest.Main(m) }
