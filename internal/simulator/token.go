// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// position is a place in the order of a run.
type position struct {
	milli int64
	key   uint64
	// inside says that the position is a document's, which it comes after, and not the
	// beginning of a millisecond.
	inside bool
}

func (p position) before(at position) bool {
	if p.milli != at.milli {
		return p.milli < at.milli
	}
	return !p.inside || p.key < at.key
}

// token continues a run. As text it is a JSON array of the millisecond and 20 characters, the
// latter different on every answer.
type token struct {
	position
	issued time.Time
	run    uint16
}

func (t token) encode(answer uint8) string {
	raw := make([]byte, 0, 15)
	raw = append(raw, answer)
	raw = binary.BigEndian.AppendUint64(raw, t.key)
	raw = binary.BigEndian.AppendUint32(raw, uint32(t.issued.Unix())) //nolint:gosec // seconds of this century
	raw = binary.BigEndian.AppendUint16(raw, t.run)
	for i := 1; i < len(raw); i++ {
		raw[i] ^= answer * byte(2*i+1)
	}
	return fmt.Sprintf("[%d,%q]", t.milli, base64.RawURLEncoding.EncodeToString(raw))
}

// boundTokens know the query that each token was given for. They are safe for concurrent use.
type boundTokens struct {
	mu      sync.Mutex
	queries map[string]string
}

func (b *boundTokens) bind(token string, query Query) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.queries == nil {
		b.queries = make(map[string]string)
	}
	b.queries[token] = query.text()
}

func (b *boundTokens) belongs(query Query) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.queries[string(query.SearchAfter)] == query.text()
}

// decodeToken reports false for what encode did not write. The first element may be a number
// or a text that holds one, as clients in the field send both.
func decodeToken(data json.RawMessage) (token, bool) {
	var elements []json.RawMessage
	if err := json.Unmarshal(data, &elements); err != nil || len(elements) != 2 {
		return token{}, false
	}
	number, text := string(elements[0]), ""
	if unquoted := ""; json.Unmarshal(elements[0], &unquoted) == nil {
		number = unquoted
	}
	milli, err := strconv.ParseInt(number, 10, 64)
	if err != nil || json.Unmarshal(elements[1], &text) != nil {
		return token{}, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != 15 {
		return token{}, false
	}
	for i := 1; i < len(raw); i++ {
		raw[i] ^= raw[0] * byte(2*i+1)
	}
	return token{
		position: position{milli: milli, key: binary.BigEndian.Uint64(raw[1:]), inside: true},
		issued:   time.Unix(int64(binary.BigEndian.Uint32(raw[9:])), 0),
		run:      binary.BigEndian.Uint16(raw[13:]),
	}, true
}
