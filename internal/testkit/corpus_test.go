// SPDX-License-Identifier: Apache-2.0

package testkit_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/testkit"
)

func TestCorpusHasIdsOfItsOwnAWideEventAndALargeOne(t *testing.T) {
	events, err := testkit.Corpus("../../testdata/events", 1000)
	require.NoError(t, err)
	ids, kinds := make(map[string]bool), make(map[string]int)
	for _, event := range events {
		ids[event.ID] = true
		kinds[event.Type]++
	}
	assert.Len(t, ids, len(events))
	assert.Equal(t, 1, kinds["large"])
	assert.Greater(t, kinds["wide"], 1)
	assert.Greater(t, len(kinds), 300)
	_, err = testkit.Corpus(t.TempDir(), 1)
	assert.ErrorContains(t, err, "no events")
}
