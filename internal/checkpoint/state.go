// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// Version is the format of the state record that this package writes.
const Version = 1

// maxSegments is far above what a store lets a range of segments grow to: a record that names
// more was not written by it.
const maxSegments = 1 << 24

// ErrNewerVersion is returned for a state record that a later release wrote. Nothing may be
// overwritten then.
var ErrNewerVersion = errors.New("the stored state was written by a newer version of this receiver")

var errDamaged = errors.New("the stored state is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// State is where the engine of one organization stands. All times are the API's, in UTC.
type State struct {
	// From is the time before which no rescan starts: ids older than this are forgotten.
	From time.Time `json:"from"`
	// Watermark w: every event from From on with a timestamp before w that was visible when w
	// was set has been delivered.
	Watermark time.Time `json:"watermark"`
	// Rescanned r is the API's time at the first page of the last complete rescan.
	Rescanned time.Time `json:"rescanned"`
	// Backfill is the history that is still to come.
	Backfill Backfill `json:"backfill,omitzero"`
	// Query is a fingerprint of the endpoint and the services, to tell that they were changed.
	Query string `json:"query,omitempty"`
}

// Backfill is a range of history, [Next, End). It is complete when Next is not before End.
type Backfill struct {
	Next time.Time `json:"next"`
	End  time.Time `json:"end"`
}

// Pending says whether history is still to come.
func (b Backfill) Pending() bool {
	return b.Next.Before(b.End)
}

// edge is the time, in Unix milliseconds, from which on a reader may meet an event that the lane
// delivered. It is a whole second, since nothing documents that the API honours a fraction in
// start_time.
func (s State) edge(lane Lane) int64 {
	from := wholeSecond(s.From)
	if lane == History && s.Backfill.Pending() {
		return min(from, wholeSecond(s.Backfill.Next))
	}
	return from
}

func wholeSecond(t time.Time) int64 {
	return t.Unix() * 1000
}

// record is the state record as it is stored.
type record struct {
	Version  int             `json:"version"`
	Checksum uint32          `json:"crc32c"`
	Content  json.RawMessage `json:"content"`
}

// content is what the checksum of a record covers.
type content struct {
	State State `json:"state"`
	// Segments with numbers in [First, Next) may exist; those that are missing were removed.
	First uint64 `json:"first"`
	Next  uint64 `json:"next"`
}

func encodeState(c content) ([]byte, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encoding the state: %w", err)
	}
	return fmt.Appendf(nil, `{"version":%d,"crc32c":%d,"content":%s}`, Version, crc32.Checksum(raw, castagnoli), raw), nil
}

// decodeState returns ErrNewerVersion or errDamaged where data is not a state of Version.
func decodeState(data []byte) (content, error) {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return content{}, errDamaged
	}
	if r.Version > Version {
		return content{}, fmt.Errorf("%w: format %d, this version reads up to %d", ErrNewerVersion, r.Version, Version)
	}
	if crc32.Checksum(r.Content, castagnoli) != r.Checksum {
		return content{}, errDamaged
	}
	raw, err := migrate(r.Version, r.Content)
	if err != nil {
		return content{}, err
	}
	var c content
	if err := json.Unmarshal(raw, &c); err != nil || c.Next < c.First || c.Next-c.First > maxSegments {
		return content{}, errDamaged
	}
	return c, nil
}

// migrate turns the content of an older format into that of Version. It is the only place that
// knows older formats. There is none before 1: what claims to be older was written by no release.
func migrate(version int, raw json.RawMessage) (json.RawMessage, error) {
	switch version {
	case Version:
		return raw, nil
	default:
		return nil, errDamaged
	}
}
