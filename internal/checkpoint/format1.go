// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"time"
)

// numbers are the segments of format 1 from First on, before End. Some may be missing.
type numbers struct {
	First uint64 `json:"first"`
	End   uint64 `json:"end"`
}

func (s *Store) format1Keys(n numbers) []string {
	keys := make([]string, 0, n.End-n.First)
	for number := n.First; number < n.End; number++ {
		keys = append(keys, s.prefix+"delivered/"+strconv.FormatUint(number, 10))
	}
	return keys
}

// decodeFormat1 takes one segment past the range: where a batch was torn, it holds ids that were
// accepted although the state that names them was not written.
func decodeFormat1(raw json.RawMessage) (content, error) {
	var old struct {
		State State  `json:"state"`
		First uint64 `json:"first"`
		Next  uint64 `json:"next"`
	}
	err := json.Unmarshal(raw, &old)
	return content{State: old.State, Format1: numbers{First: old.First, End: old.Next + 1}}, err
}

// loadFormat1 keeps the ids of each segment by the hour of its newest timestamp. The next commit
// writes them anew.
func (s *Store) loadFormat1(ctx context.Context, n numbers) (damaged int, err error) {
	return damaged, s.read(ctx, s.format1Keys(n), func(_ int, value []byte) {
		newest, ids, ok := decodeSegment1(value)
		if !ok {
			damaged++
			return
		}
		of := spanOf(migrated, hourOf(newest), 1)
		s.spans[of] = &stored{}
		for _, id := range ids {
			s.migrated.keep(id, of.last())
		}
	})
}

// decodeSegment1 reads version, lane, the oldest and the newest timestamp in milliseconds, the ids
// and a checksum.
func decodeSegment1(data []byte) (newest time.Time, ids []ID, ok bool) {
	const header = 1 + 1 + 8 + 8
	body, ok := checked(data)
	if !ok || len(body) < header || (len(body)-header)%len(ID{}) != 0 || body[0] != 1 {
		return time.Time{}, nil, false
	}
	milli := int64(binary.BigEndian.Uint64(body[10:])) //nolint:gosec // the bits of a signed time were kept
	return time.UnixMilli(milli), splitIDs(body[header:]), true
}
