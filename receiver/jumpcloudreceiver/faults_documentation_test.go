// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What an exporter's queue loses is measured in docs/reliability.md: here it is only outside of what
// is promised.
func TestFault_K9_READMESaysWhatAQueueCosts(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, excluded, found := strings.Cut(string(readme), "Not guaranteed:")
	require.True(t, found)
	assert.Contains(t, excluded, "`sending_queue` accepts a batch before the backend does")
	assert.Contains(t, string(readme), "enabled: false")
}
