// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

func TestSettingsDoNotPrintTheKey(t *testing.T) {
	settings := insights.ClientSettings{APIKey: insights.NewSecret(canary)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%d", "%s", "%q", "%x"} {
		printed := fmt.Sprintf(verb, settings) + fmt.Sprintf(verb, settings.APIKey)
		assert.NotContains(t, printed, canary, verb)
		assert.NotContains(t, printed, fmt.Sprintf("%x", canary), verb)
	}
}
