// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

func TestPageIsReadAsItCame(t *testing.T) {
	body := ` [ {"id":"a","timestamp":"2026-03-02T09:00:00.12345678Z","service":"sso","event_type":"sso_auth","organization":"o"} , 17,"x" ,null,{"id":7,"timestamp":"yesterday"} ] `
	page, err := client(t, answering(200, body,
		"X-Result-Count", "5", "X-Limit", "5", "X-Search_after", `[1,"x"]`, "X-Request-Id", "r", "Date", "Mon, 02 Mar 2026 09:00:01 GMT"), nil).Events(t.Context(), query())
	require.NoError(t, err)
	assert.True(t, page.Full())
	assert.Equal(t, `[1,"x"]`, string(page.Token))
	assert.Equal(t, "r", page.RequestID)
	assert.Equal(t, time.Date(2026, 3, 2, 9, 0, 1, 0, time.UTC), page.Clock.Date.UTC())
	var raw []string
	for _, event := range page.Events {
		raw = append(raw, string(event.Raw))
	}
	assert.Equal(t, []string{
		`{"id":"a","timestamp":"2026-03-02T09:00:00.12345678Z","service":"sso","event_type":"sso_auth","organization":"o"}`,
		"17", `"x"`, "null", `{"id":7,"timestamp":"yesterday"}`,
	}, raw)
	first := page.Events[0]
	assert.Equal(t, []string{"a", "2026-03-02T09:00:00.12345678Z", "o"}, []string{first.ID, first.TimestampText, first.Organization})
	assert.Equal(t, time.Date(2026, 3, 2, 9, 0, 0, 123456780, time.UTC), first.Timestamp)
	assert.Equal(t, "yesterday", page.Events[4].TimestampText)
	assert.True(t, page.Events[4].Timestamp.IsZero())
}

func TestDeeplyNestedEventIsRead(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 9_999) + "1" + strings.Repeat("}", 9_999)
	page, err := client(t, answering(200, "["+deep+","+deep+"]"), nil).Events(t.Context(), query())
	require.NoError(t, err)
	assert.Equal(t, deep, string(page.Events[1].Raw))
}

func TestAnswerThatIsNoPageIsAnError(t *testing.T) {
	for name, test := range map[string]struct {
		status  int
		body    string
		headers []string
		reason  string
	}{
		"P1 object":             {200, `{"message":"x"}`, nil, "the body is no JSON array"},
		"P1 null":               {200, `null`, nil, "the body is no JSON array"},
		"P1 text":               {200, `""`, nil, "the body is no JSON array"},
		"P1 empty":              {200, ``, nil, "the body is no JSON array"},
		"T13 HTML":              {200, `<html>`, nil, "the body is no JSON array"},
		"T10 truncated":         {200, `[{"id":"a"}`, nil, "the body ends before the array does"},
		"T10 truncated event":   {200, `[{"id":"a"},{"id":`, nil, "the body ends before the array does"},
		"trailing bytes":        {200, `[] []`, nil, "something follows the array"},
		"P2 malformed":          {200, `[{"id":"a"},{"id":]`, nil, "the JSON of the body is broken"},
		"no comma":              {200, `[1 2]`, nil, "the JSON of the body is broken"},
		"G7 wrong count":        {200, `[1,2]`, []string{"X-Result-Count", "3"}, "X-Result-Count is not the number of events"},
		"A15 204":               {204, ``, nil, "the status is none that carries one"},
		"A15 206":               {206, `[]`, nil, "the status is none that carries one"},
		"more than asked for":   {200, "[" + strings.Repeat("1,", 100) + "1]", nil, "there are more events than were asked for"},
		"null with events left": {200, `null`, []string{"X-Result-Count", "1"}, "the body is no JSON array"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client(t, answering(test.status, test.body, test.headers...), nil).Events(t.Context(), query())
			failed, ok := errors.AsType[*insights.ResponseError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, test.reason, failed.Reason)
			assert.Equal(t, strings.Contains(test.reason, "broken"), failed.Malformed)
		})
	}
}

func TestNullIsAnEmptyPageWhereTheCountSaysSo(t *testing.T) {
	page, err := client(t, answering(200, `null`, "X-Result-Count", "0"), nil).Events(t.Context(), query())
	require.NoError(t, err)
	assert.Empty(t, page.Events)
}

func TestFullPage(t *testing.T) {
	for name, test := range map[string]struct {
		headers       []string
		full, missing bool
	}{
		"G6 the applied limit counts": {[]string{"X-Limit", "2", "X-Result-Count", "2"}, true, false},
		"below the applied limit":     {[]string{"X-Limit", "3", "X-Result-Count", "2"}, false, false},
		"G8 without headers":          {nil, true, true},
		"a limit that is no number":   {[]string{"X-Limit", "many"}, true, true},
		"a limit above the asked one": {[]string{"X-Limit", "5"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			asked := query()
			asked.Limit = 2
			if !test.full {
				asked.Limit = 3
			}
			page, err := client(t, answering(200, `[1,2]`, test.headers...), nil).Events(t.Context(), asked)
			require.NoError(t, err)
			assert.Equal(t, test.full, page.Full())
			assert.Equal(t, test.missing, page.HeadersMissing)
		})
	}
}

func TestTokenThatCanBeNoneIsAsMissing(t *testing.T) {
	for _, value := range []string{"", "garbage", `{"a":1}`, `[]`, `[1`, `"x"`, "[" + strings.Repeat(" ", 5000) + "1]"} {
		page, err := client(t, answering(200, `[1]`, "X-Search_after", value), nil).Events(t.Context(), query())
		require.NoError(t, err)
		assert.Nil(t, page.Token, value)
	}
}
