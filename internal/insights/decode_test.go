// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

func TestDecodePage_BrokenIsToldFromTruncated(t *testing.T) {
	const broken, truncated = "the JSON of the body is broken", "the body ends before the array does"
	for body, reason := range map[string]string{
		`[{{ `:          broken,
		`[{1`:           broken,
		`[{"id" 1`:      broken,
		`[{"id":"a",}`:  broken,
		`[{`:            truncated,
		`[{"id`:         truncated,
		`[{"id":`:       truncated,
		`[{"id":"a",`:   truncated,
		`[{"id":"a"}`:   truncated,
		`[{"id":"a"},`:  truncated,
		`[{"a":{"b":1}`: truncated,
	} {
		_, err := insights.DecodePage([]byte(body), 10)
		var failed *insights.ResponseError
		require.ErrorAs(t, err, &failed, body)
		require.Equal(t, reason, failed.Reason, body)
	}
}

func TestDecodePage_OfARepeatedFieldTheLastCounts(t *testing.T) {
	events, err := insights.DecodePage([]byte(`[{"id":"a","organization":"o","id":"b","organization":1},{"id":"\u0063"}]`), 10)
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, "b", events[0].ID)
	require.Empty(t, events[0].Organization)
	require.Equal(t, "c", events[1].ID)
	require.JSONEq(t, `{"id":"\u0063"}`, string(events[1].Raw))
}
