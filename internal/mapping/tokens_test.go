// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

// decoded returns the event of a page that has only this one, or false where it is no JSON.
func decoded(text string) (insights.Event, bool) {
	events, err := insights.DecodePage(fmt.Appendf(nil, "[%s]", text), 1)
	if err != nil || len(events) == 0 {
		return insights.Event{}, false
	}
	return events[0], true
}

// requireSameDecoded maps an event of a page and its bytes alone to the same record.
func requireSameDecoded(tb testing.TB, text string) {
	tb.Helper()
	event, ok := decoded(text)
	if !ok {
		return
	}
	bare := event
	bare.Tokens = insights.Tokens{}
	for _, body := range []mapping.Body{mapping.BodyRaw, mapping.BodyStructured} {
		want, wantCounts := mapEvent(tb, mapping.Settings{Body: body}, bare)
		got, gotCounts := mapEvent(tb, mapping.Settings{Body: body}, event)
		require.Equal(tb, wantCounts, gotCounts)
		require.Equal(tb, want.Attributes().AsRaw(), got.Attributes().AsRaw())
		require.True(tb, want.Body().Equal(got.Body()))
		require.Equal(tb, want.EventName(), got.EventName())
		require.Equal(tb, want.SeverityText(), got.SeverityText())
	}
}

func TestRecord_AnEventOfAPageIsMappedAsItsBytes(t *testing.T) {
	for _, e := range corpus(t, "catalogue.ndjson", "documented.ndjson", "services.ndjson", "shapes.ndjson", "odd.ndjson") {
		requireSameDecoded(t, string(e.Raw))
	}
	long := strings.Repeat("x", 1<<16)
	for _, text := range []string{
		`{ "service" : "sso" ,` + "\n\t" + `"changes" : [ { "field" : "a" , "to" : [ [ 1 ] , { } ] } , "b" , 1 , [ ] ] }`,
		`{"detail":"` + long + `","message":"after a long one"}`,
		`{"initiated_by":[{"id":"a","tags":["b",{"c":["d"]}]},{"id":"e"}]}`,
		`{"initiated_by":[{"id":"a","tags":["b"]}],"id":"1","id":"2"}`,
		"{\"message\":\"\xff\",\"detail\":\"d\"}", `{"message":"\ud800","detail":"d"}`, `{"message":"\u00e9\n"}`,
		`17`, `null`, `"text"`, `[[1]]`,
	} {
		_, ok := decoded(text)
		require.True(t, ok, text)
		requireSameDecoded(t, text)
	}
}

func TestRecord_ArraysInAnArrayOfActorsAreAttributes(t *testing.T) {
	event, _ := decoded(`{"initiated_by":[{"id":"a","tags":["b","c"]},{"id":"d"}]}`)
	record, _ := mapEvent(t, mapping.Settings{}, event)
	attributes := record.Attributes().AsRaw()
	require.Equal(t, "a", attributes["user.id"])
	require.Equal(t, []any{"b", "c"}, attributes["jumpcloud.initiated_by.tags"])
}

func TestRecord_NamesThatDifferInCaseMakeOneAttribute(t *testing.T) {
	for _, text := range []string{
		`{"Provider":"x","provider":"y"}`,
		`{"provider":"y","Provider":"x"}`,
		`{"Asn":{"number":1},"asn":{"number":2}}`,
		`{"asn":{"number":1},"Asn":{"number":2}}`,
	} {
		e := event(text)
		record, _ := mapEvent(t, mapping.Settings{}, e)
		requireInvariants(t, e, record)
	}
}
