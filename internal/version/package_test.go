// SPDX-License-Identifier: Apache-2.0

package version

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestTestsAreFoundByTheirFault(t *testing.T) {
	tests, err := findTests()
	require.NoError(t, err)
	assert.Empty(t, tests, "there are no faults in this package")
	assert.Equal(t, "A11", testPattern.FindStringSubmatch("func TestFault_A11_Waits(t *testing.T) {")[2])
}
