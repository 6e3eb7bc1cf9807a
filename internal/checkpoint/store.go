// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// loadChunk is how many segments one batch of reads asks for.
const loadChunk = 128

// Store is the checkpoint of one organization. It is not safe for concurrent use.
type Store struct {
	client storage.Client
	prefix string

	// first and next are the range of the segments' numbers.
	first, next uint64
	seen        *seen
}

// Open returns the store of an organization; "" is the organization of the API key itself.
// Several stores may share a client, which stays the caller's to close.
func Open(client storage.Client, organization string) *Store {
	prefix := "own/"
	if organization != "" {
		prefix = "organization/" + organization + "/"
	}
	return &Store{client: client, prefix: prefix, seen: newSeen()}
}

// Loaded is what was found in the storage.
type Loaded struct {
	State State
	// Found is false where there is no state, or only a damaged one.
	Found bool
	// DamagedKey is the key under which a damaged state record is kept, or "".
	DamagedKey string
	// DamagedSegments is how many segments of ids could not be read: their events come twice
	// if they are read again.
	DamagedSegments int
}

// Load reads the state and the ids. A damaged state is kept under another key and reported as
// not found. An error means that nothing is known, which must never be taken for an empty
// storage: ErrNewerVersion, or the storage client's.
func (s *Store) Load(ctx context.Context) (Loaded, error) {
	data, err := s.client.Get(ctx, s.stateKey())
	if err != nil {
		return Loaded{}, fmt.Errorf("reading the stored state: %w", err)
	}
	if data == nil {
		return Loaded{}, nil
	}
	stored, err := decodeState(data)
	if errors.Is(err, errDamaged) {
		return s.keepDamaged(ctx, data)
	}
	if err != nil {
		return Loaded{}, err
	}
	loaded := Loaded{State: stored.State, Found: true}
	s.first, s.next = stored.First, stored.Next
	loaded.DamagedSegments, err = s.loadSegments(ctx)
	return loaded, err
}

func (s *Store) keepDamaged(ctx context.Context, data []byte) (Loaded, error) {
	key := s.stateKey() + ".damaged"
	if err := s.client.Set(ctx, key, data); err != nil {
		return Loaded{}, fmt.Errorf("keeping the damaged state: %w", err)
	}
	return Loaded{DamagedKey: key}, nil
}

// loadSegments reads one segment past the range as well: where a batch was torn, it holds ids
// that were accepted although the state that names them was not written.
func (s *Store) loadSegments(ctx context.Context) (damaged int, err error) {
	var all []*segment
	last := s.next
	for chunk := s.first; chunk <= last; chunk += loadChunk {
		operations := make([]*storage.Operation, 0, loadChunk)
		for number := chunk; number <= min(last, chunk+loadChunk-1); number++ {
			operations = append(operations, storage.GetOperation(s.segmentKey(number)))
		}
		if err := s.client.Batch(ctx, operations...); err != nil {
			return 0, fmt.Errorf("reading the stored ids: %w", err)
		}
		for i, operation := range operations {
			if operation.Value == nil {
				continue
			}
			number := chunk + uint64(i)
			loaded, ok := decodeSegment(number, operation.Value)
			if !ok {
				damaged++
			}
			all = append(all, loaded)
			s.next = max(s.next, number+1)
		}
	}
	s.seen = newSeen()
	s.seen.keep(all...)
	return damaged, nil
}

// Seen says whether the event was delivered, as far as that is still remembered.
func (s *Store) Seen(id ID) bool { return s.seen.contains(id) }

// Remembered is the number of ids that are kept.
func (s *Store) Remembered() int { return s.seen.ids }

func (s *Store) stateKey() string { return s.prefix + "state" }

func (s *Store) segmentKey(number uint64) string {
	return s.prefix + "delivered/" + strconv.FormatUint(number, 10)
}
