// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// chunk is how much of a page is read at once.
const chunk = 64 << 10

// TestPageIsReadAcrossChunks moves what is read over the end of a chunk, byte by byte.
func TestPageIsReadAcrossChunks(t *testing.T) {
	elements := []string{
		`123456`, `true`, `"a\u00e9é\"b"`, `{"id":"a","timestamp":"2026-03-02T09:00:00Z","x":[1,{"y":"é"}]}`, `-1.5e+10`, `null`, `{}`, `7`,
		`{ "id" : "\ud83d\ude00" , "x" : [ [ 1 , "]" ] , "😀" ] }`, "{\"id\":\"\xff\",\"x\":\"\\ud800\"}", `[[{}], 0]`,
	}
	body := strings.Join(elements, " , ")
	whole, err := insights.DecodePage([]byte("["+body+"]"), len(elements))
	require.NoError(t, err)
	for before := chunk - len(body) - 3; before < chunk; before++ {
		page, err := client(t, answering(200, strings.Repeat(" ", before)+"["+body+" ] ", "X-Result-Count", strconv.Itoa(len(elements))), nil).Events(t.Context(), query())
		require.NoError(t, err, before)
		require.Len(t, page.Events, len(elements))
		for i, event := range page.Events {
			require.Equal(t, elements[i], string(event.Raw), before)
		}
		require.Equal(t, whole, page.Events, before)
		assert.Equal(t, "a", page.Events[3].ID)
		assert.Equal(t, before+len(body)+4, page.Size)
	}
}

func TestBrokenPageIsToldAcrossChunks(t *testing.T) {
	for body, reason := range map[string]string{
		`[{"id":"a"},{"id":`:       "the body ends before the array does",
		`[{"id":"a"},{"id":"b"}`:   "the body ends before the array does",
		`[{"id":"a"},{"id" "b"}]`:  "the JSON of the body is broken",
		`[{"id":"a"}] {"id":"b"}`:  "something follows the array",
		`{"id":"a"}              `: "the body is no JSON array",
	} {
		for before := chunk - len(body) - 1; before <= chunk; before++ {
			_, err := client(t, answering(200, strings.Repeat(" ", before)+body), nil).Events(t.Context(), query())
			failed := new(insights.ResponseError)
			require.ErrorAs(t, err, &failed)
			require.Equal(t, reason, failed.Reason, "%q after %d bytes", body, before)
		}
	}
}

func TestNullIsAnEmptyPageAcrossChunks(t *testing.T) {
	for before := chunk - 5; before <= chunk; before++ {
		page, err := client(t, answering(200, strings.Repeat(" ", before)+"null ", "X-Result-Count", "0"), nil).Events(t.Context(), query())
		require.NoError(t, err)
		assert.Empty(t, page.Events)
		_, err = client(t, answering(200, strings.Repeat(" ", before)+"nullx", "X-Result-Count", "0"), nil).Events(t.Context(), query())
		require.Error(t, err)
	}
}

func TestEventsLargerThanAChunkAreRead(t *testing.T) {
	large := `{"id":"a","text":"` + strings.Repeat(`é\n`, 5*chunk) + `"}`
	page, err := client(t, answering(200, "["+large+",{},"+large+"]"), nil).Events(t.Context(), query())
	require.NoError(t, err)
	require.Len(t, page.Events, 3)
	assert.Equal(t, large, string(page.Events[0].Raw))
	assert.Equal(t, "{}", string(page.Events[1].Raw))
	assert.Equal(t, large, string(page.Events[2].Raw))
}

// TestLargestSizeIsThatOfTheBody: to the byte, whatever the body is.
func TestLargestSizeIsThatOfTheBody(t *testing.T) {
	limit := int64(2*chunk + 17)
	bounded := func(s *insights.ClientSettings) { s.MaxResponseSize = limit }
	for _, body := range []string{`[]`, `[{"id":"a"}]`, `["` + strings.Repeat("x", chunk) + `"]`, `[1}`, `[{"id":`, `<html>`} {
		fitting := body + strings.Repeat(" ", int(limit)-len(body))
		_, err := client(t, answering(200, fitting), bounded).Events(t.Context(), query())
		tooLarge := new(insights.TooLargeError)
		require.NotErrorAs(t, err, &tooLarge)
		_, err = client(t, answering(200, fitting+" "), bounded).Events(t.Context(), query())
		require.ErrorAs(t, err, &tooLarge, body)
	}
}
