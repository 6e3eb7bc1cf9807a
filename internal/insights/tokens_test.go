// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// all returns the tokens of a text.
func all(tb testing.TB, tokens insights.Tokens, text string) []string {
	tb.Helper()
	cursor := tokens.Cursor(text)
	var read []string
	for token := cursor.Next(); token != ""; token = cursor.Next() {
		read = append(read, token)
	}
	assert.Equal(tb, len(text), cursor.Offset())
	return read
}

func TestDecodePage_EventsHaveTheirTokens(t *testing.T) {
	long := `"` + strings.Repeat(",", 1<<16) + `"`
	for text, want := range map[string][]string{
		`{"id":"a","b":{"c":-1.5e3}}`:                                 {"{", `"id"`, `"a"`, `"b"`, "{", `"c"`, "-1.5e3", "}", "}"},
		`{ "id" : "a" ,` + "\r\n\t" + `"b" : [ true , { } , null ] }`: {"{", `"id"`, `"a"`, `"b"`, "[", "true", "{", "}", "null", "]", "}"},
		`{"a":[{"b":[ 1, [2]]},[3]]}`:                                 {"{", `"a"`, "[", "{", `"b"`, "[ 1, [2]]", "}", "[3]", "]", "}"},
		`{"a":` + long + `,",":": "}`:                                 {"{", `"a"`, long, `","`, `": "`, "}"},
		`"\u00e9"`:                                                    {`"\u00e9"`},
		`17`:                                                          {`17`},
	} {
		events, err := insights.DecodePage([]byte("[ "+text+" , "+text+" ]"), 2)
		require.NoError(t, err)
		for _, event := range events {
			assert.Equal(t, text, string(event.Raw))
			assert.Equal(t, want, all(t, event.Tokens, text))
		}
	}
}

func TestDecodePage_TextThatIsNotValidHasNoTokens(t *testing.T) {
	events, err := insights.DecodePage([]byte("[{\"id\":\"\xff\"},{\"id\":\"\\ud800\"},{\"id\":\"a\"}]"), 3)
	require.NoError(t, err)
	assert.Equal(t, "\uFFFD", events[0].ID)
	assert.Equal(t, []bool{false, false, true}, []bool{events[0].Tokens.Known(), events[1].Tokens.Known(), events[2].Tokens.Known()})
}

func TestTokenizer(t *testing.T) {
	var tokenizer insights.Tokenizer
	const text = "{\"a\":[[1],{\"a\":[\"\xff\"]}],\"a\":0}"
	tokens, err := tokenizer.Tokenize([]byte(text))
	require.NoError(t, err)
	assert.Equal(t, []string{"{", `"a"`, "[", "[1]", "{", `"a"`, "[\"\xff\"]", "}", "]", `"a"`, "0", "}"}, all(t, tokens, text))

	tokenizer.Whole = true
	tokens, err = tokenizer.Tokenize([]byte(text))
	require.NoError(t, err)
	assert.Equal(t, []string{"{", `"a"`, "[", "[", "1", "]", "{", `"a"`, "[", "\"\xff\"", "]", "}", "]", `"a"`, "0", "}"}, all(t, tokens, text))

	for _, text := range []string{"", "{", `{"a"}`, "1 2", "[1]]"} {
		tokens, err = tokenizer.Tokenize([]byte(text))
		require.Error(t, err, text)
		assert.False(t, tokens.Known())
	}
}
