// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
)

// Version is the format of the state record and of the segments that this package writes.
const Version = 2

// maxSegments is far above what a store writes: a record that names more was not written by it.
const maxSegments = 1 << 24

// ErrNewerVersion is returned for a state record that a later release wrote. Nothing may be
// overwritten then.
var ErrNewerVersion = errors.New("the stored state was written by a newer version of this receiver")

var errDamaged = errors.New("the stored state is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record is the state record as it is stored.
type record struct {
	Version  int             `json:"version"`
	Checksum uint32          `json:"crc32c"`
	Content  json.RawMessage `json:"content"`
}

// content is what the checksum of a record covers.
type content struct {
	State State `json:"state"`
	// Segments has the spans that may be stored, each with the number of its segments.
	Segments map[span]int `json:"segments"`
	// Format1 are the segments of format 1 that may be left to remove.
	Format1 numbers `json:"format1,omitzero"`
}

func (c content) encode() ([]byte, error) {
	inUTC := c
	inUTC.State = c.State.inUTC()
	raw, err := json.Marshal(inUTC)
	if err != nil {
		return nil, fmt.Errorf("encoding the state: %w", err)
	}
	return fmt.Appendf(nil, `{"version":%d,"crc32c":%d,"content":%s}`, Version, crc32.Checksum(raw, castagnoli), raw), nil
}

// decodeState returns the version of a record and its content, or ErrNewerVersion, or errDamaged
// where no release wrote the record.
func decodeState(data []byte) (version int, c content, err error) {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return 0, content{}, errDamaged
	}
	if r.Version > Version {
		return 0, content{}, fmt.Errorf("%w: format %d, this version reads up to %d", ErrNewerVersion, r.Version, Version)
	}
	if r.Version < 1 || crc32.Checksum(r.Content, castagnoli) != r.Checksum {
		return 0, content{}, errDamaged
	}
	if r.Version == 1 {
		c, err = decodeFormat1(r.Content)
	} else {
		err = json.Unmarshal(r.Content, &c)
	}
	if err != nil || !c.possible() {
		return 0, content{}, errDamaged
	}
	return r.Version, c, nil
}

func (c content) possible() bool {
	for _, count := range c.Segments {
		if count < 0 || count > maxSegments {
			return false
		}
	}
	return c.State.Notes.possible() && c.Format1.First <= c.Format1.End && c.Format1.End-c.Format1.First <= maxSegments
}

// segmentHeader names the span, so that a segment under another key is damaged.
func segmentHeader(of span) []byte {
	return append(append([]byte{Version}, of.name()...), 0)
}

func encodeSegment(of span, ids []ID) []byte {
	header := segmentHeader(of)
	data := make([]byte, 0, len(header)+len(ids)*len(ID{})+crc32.Size)
	data = append(data, header...)
	for i := range ids {
		data = append(data, ids[i][:]...)
	}
	return binary.BigEndian.AppendUint32(data, crc32.Checksum(data, castagnoli))
}

// decodeSegment reports false for anything that encodeSegment did not write.
func decodeSegment(of span, data []byte) (ids []ID, ok bool) {
	body, ok := checked(data)
	if !ok {
		return nil, false
	}
	body, ok = bytes.CutPrefix(body, segmentHeader(of))
	if !ok || len(body)%len(ID{}) != 0 {
		return nil, false
	}
	return splitIDs(body), true
}

// checked returns what is before the checksum where that is right.
func checked(data []byte) (body []byte, ok bool) {
	if len(data) < crc32.Size {
		return nil, false
	}
	body, sum := data[:len(data)-crc32.Size], data[len(data)-crc32.Size:]
	return body, crc32.Checksum(body, castagnoli) == binary.BigEndian.Uint32(sum)
}

func splitIDs(body []byte) []ID {
	ids := make([]ID, len(body)/len(ID{}))
	for i := range ids {
		copy(ids[i][:], body[i*len(ID{}):])
	}
	return ids
}
