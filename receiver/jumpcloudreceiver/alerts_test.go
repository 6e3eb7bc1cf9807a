// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The expressions are Prometheus's; that what they ask for is there is ours.
func TestFault_S6_AlertRulesAskForMetricsThatThereAre(t *testing.T) {
	rules := alertRules(t)
	documented, err := os.ReadFile("documentation.md")
	require.NoError(t, err)
	asked := regexp.MustCompile(`otelcol_receiver_jumpcloud_\w+`).FindAllString(rules, -1)
	assert.Contains(t, asked, "otelcol_receiver_jumpcloud_starts")
	for _, metric := range asked {
		assert.Contains(t, string(documented), "### "+metric+"\n")
	}
}

func alertRules(t *testing.T) string {
	t.Helper()
	rules, err := os.ReadFile("../../examples/prometheus/alerts.yaml")
	require.NoError(t, err)
	return string(rules)
}
