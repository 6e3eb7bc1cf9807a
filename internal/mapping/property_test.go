// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

func TestProperties_Corpus(t *testing.T) {
	keys := make(map[string]struct{})
	for _, e := range corpus(t, "documented.ndjson", "services.ndjson", "shapes.ndjson", "catalogue.ndjson") {
		record, counts := mapEvent(t, mapping.Settings{}, e)
		requireInvariants(t, e, record)
		requireScalars(t, e, record)
		assert.Zero(t, counts.Unmapped)
		assert.NotZero(t, record.Timestamp())
		for key := range record.Attributes().All() {
			keys[key] = struct{}{}
			_, known := knownTypes[key]
			assert.True(t, known, "the tables have all fields of the corpus: %s", key)
		}
	}
	requireNoPrefix(t, slices.Collect(maps.Keys(keys)))
}

func TestProperties_OddEvents(t *testing.T) {
	for _, e := range corpus(t, "odd.ndjson") {
		record, counts := mapEvent(t, mapping.Settings{}, e)
		requireInvariants(t, e, record)
		if counts.Unmapped == 0 {
			requireScalars(t, e, record)
		}
	}
}

func TestProperties_KnownKeys(t *testing.T) {
	var keys []string
	for _, known := range mapping.KnownKeys() {
		assert.Regexp(t, wellFormedKey, known.Key)
		assert.NotEmpty(t, known.Type, known.Key)
		keys = append(keys, known.Key)
	}
	requireNoPrefix(t, keys)
}

// Every field of the tables, alone in an event, with every type of value.
func TestProperties_EveryKnownFieldWithEveryType(t *testing.T) {
	values := []string{
		`"text"`, `"TRUE"`, `"12"`, `"1.5"`, `true`, `12`, `1.5`, `1e400`, `null`, `""`, `["a","b"]`, `[1]`, `[{"field":"a","name":"b"}]`,
		`{"a":"b"}`, `{"id":"c","type":{"d":1}}`, `[]`, `{}`,
	}
	for _, known := range mapping.KnownKeys() {
		for _, path := range known.Fields {
			for _, v := range values {
				e := event(wrap(path, v))
				record, counts := mapEvent(t, mapping.Settings{}, e)
				requireInvariants(t, e, record)
				requireScalars(t, e, record)
				assert.Zero(t, counts.Unmapped)
			}
		}
	}
}

// wrap is an event with a value at a path.
func wrap(path, v string) string {
	names := strings.Split(path, ".")
	for _, name := range slices.Backward(names) {
		v = fmt.Sprintf(`{%q:%s}`, name, v)
	}
	return v
}

func TestProperties_GeneratedEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const events = 2_000
	g := newGenerator(t)
	warm := mapping.New(mapping.Settings{})
	for range events {
		e := event(g.event())
		record, counts := mapEvent(t, mapping.Settings{}, e)
		require.Zero(t, counts.Unmapped, string(e.Raw))
		requireInvariants(t, e, record)
		requireScalars(t, e, record)
		again, _ := warm.Logs([]insights.Event{e}, observed)
		require.Equal(t, record.Attributes().AsRaw(), recordsOf(again)[0].Attributes().AsRaw(), "mapping has no memory")
	}
}

// generator makes events of known and unknown names, in all spellings, with values of all types.
type generator struct {
	random *rand.Rand
	names  []string
	// last makes values that no other field has.
	last int
}

func newGenerator(t *testing.T) *generator {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	names := map[string]struct{}{}
	for _, known := range mapping.KnownKeys() {
		for _, path := range known.Fields {
			for name := range strings.SplitSeq(path, ".") {
				names[name] = struct{}{}
			}
		}
	}
	for _, name := range []string{
		"a", "aB", "a_b", "A_B", "a b", "AB", "ab", "2fa", "", "日本", "é", "x.y", "user_agent", "Geoip", "event", "error", "schema",
		"display_name", "display_Name", "MFA", "mfa_text", "event_object", "_", "__a", "a__b", "ID", "Success", "policy_names", "changed_fields",
	} {
		names[name] = struct{}{}
	}
	return &generator{random: rand.New(rand.NewPCG(seed, 1)), names: slices.Sorted(maps.Keys(names))}
}

func (g *generator) event() string {
	var text strings.Builder
	g.object(&text, 0)
	return text.String()
}

// object writes an object with no name twice: which of them counts is tested elsewhere.
func (g *generator) object(text *strings.Builder, depth int) {
	names := make(map[string]string)
	for range g.random.IntN(12) {
		var v strings.Builder
		g.value(&v, depth+1)
		names[g.names[g.random.IntN(len(g.names))]] = v.String()
	}
	order := slices.Sorted(maps.Keys(names))
	g.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	text.WriteByte('{')
	for i, name := range order {
		if i > 0 {
			text.WriteByte(',')
		}
		quoted, _ := json.Marshal(name)
		fmt.Fprintf(text, "%s:%s", quoted, names[name])
	}
	text.WriteByte('}')
}

var scalars = []string{
	`null`, `true`, `false`, `0`, `-1`, `12`, `9223372036854775807`, `9223372036854775808`, `0.5`, `-1e3`, `1e400`, `12345678901234567890123`,
	`""`, `"text"`, `"TRUE"`, `"false"`, `"45.84"`, `"2026-02-17T11:02:33Z"`, `"ada@example.com"`, `"a\u0000b"`, `"é\n\"\\"`, `" "`,
}

func (g *generator) value(text *strings.Builder, depth int) {
	switch choice := g.random.IntN(10); {
	case choice < 3:
		g.last++
		fmt.Fprintf(text, []string{`"text %d"`, `%d`, `%d.5`, `"%d"`, `"%d.25"`, `["%d","x"]`}[g.random.IntN(6)], 100+g.last)
	case choice < 6 || depth > 8:
		text.WriteString(scalars[g.random.IntN(len(scalars))])
	case choice < 8:
		g.object(text, depth)
	case choice < 9:
		text.WriteByte('[')
		for i := range g.random.IntN(4) {
			if i > 0 {
				text.WriteByte(',')
			}
			g.value(text, depth+1)
		}
		text.WriteByte(']')
	default:
		text.WriteString(`["a","b"]`)
	}
}
