// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

const (
	// loadChunk is how many segments one batch of reads asks for.
	loadChunk = 128
	// sparseAfter is how many missing segments are tolerated before those that are still
	// needed move to the end, so that a state's range of numbers stays short.
	sparseAfter = 64
)

// Store is the checkpoint of one organization. It is not safe for concurrent use.
type Store struct {
	client storage.Client
	prefix string

	first, next uint64
	segments    []segment
	remembered  int
}

// Open returns the store of an organization; "" is the organization of the API key itself.
// Several stores may share a client, which stays the caller's to close.
func Open(client storage.Client, organization string) *Store {
	prefix := "own/"
	if organization != "" {
		prefix = "organization/" + organization + "/"
	}
	return &Store{client: client, prefix: prefix}
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
	s.segments, s.remembered = nil, 0
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
			s.keep(loaded)
			s.next = max(s.next, number+1)
		}
	}
	return damaged, nil
}

func (s *Store) keep(added segment) {
	s.segments = append(s.segments, added)
	s.remembered += len(added.ids)
}

// Seen says whether the event was delivered, as far as that is still remembered. A zero time
// stands for an event whose timestamp is not known.
func (s *Store) Seen(entry Entry) bool {
	milli := entry.Time.UnixMilli()
	for i := range s.segments {
		if (entry.Time.IsZero() || s.segments[i].covers(milli)) && s.segments[i].contains(entry.ID) {
			return true
		}
	}
	return false
}

// Remembered is the number of ids that are kept.
func (s *Store) Remembered() int { return s.remembered }

// Delivered is what one commit adds: the events of one accepted batch.
type Delivered struct {
	Lane    Lane
	Entries []Entry
	// AsOf is the API's time. What is dated after it gets a segment of its own, so that it
	// does not keep the others.
	AsOf time.Time
}

// Commit stores state and adds the delivered events. After an error nothing has changed here,
// and the same commit may be tried again, also where the storage has applied it.
func (s *Store) Commit(ctx context.Context, state State, delivered Delivered) error {
	kept, dropped := s.split(state)
	next := s.next
	var added []segment
	for _, entries := range [][]Entry{until(delivered.Entries, delivered.AsOf), after(delivered.Entries, delivered.AsOf)} {
		if len(entries) > 0 {
			added = append(added, newSegment(next, delivered.Lane, entries))
			next++
		}
	}
	if len(kept) > 0 && next-kept[0].number > uint64(2*len(kept)+sparseAfter) {
		moved := kept[0]
		dropped = append(dropped, moved)
		moved.number = next
		next++
		kept, added = kept[1:], append(added, moved)
	}
	first := next
	if all := slices.Concat(kept, added); len(all) > 0 {
		first = all[0].number
	}
	// The record keeps the range that includes what this commit removes: a batch that is torn
	// before the removals is cleaned up after the next start.
	operations, err := s.operations(content{State: state, First: s.first, Next: next}, added, dropped)
	if err != nil {
		return err
	}
	if err := s.client.Batch(ctx, operations...); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	s.first, s.next = first, next
	s.segments, s.remembered = kept[:0:0], 0
	for _, segment := range slices.Concat(kept, added) {
		s.keep(segment)
	}
	return nil
}

// operations are ordered for a storage whose batches are not atomic: ids, state, removals.
func (s *Store) operations(c content, added, dropped []segment) ([]*storage.Operation, error) {
	record, err := encodeState(c)
	if err != nil {
		return nil, err
	}
	operations := make([]*storage.Operation, 0, len(added)+len(dropped)+1)
	for i := range added {
		operations = append(operations, storage.SetOperation(s.segmentKey(added[i].number), added[i].encode()))
	}
	operations = append(operations, storage.SetOperation(s.stateKey(), record))
	for i := range dropped {
		operations = append(operations, storage.DeleteOperation(s.segmentKey(dropped[i].number)))
	}
	return operations, nil
}

func (s *Store) split(state State) (kept, dropped []segment) {
	for _, candidate := range s.segments {
		if candidate.needed(state) {
			kept = append(kept, candidate)
		} else {
			dropped = append(dropped, candidate)
		}
	}
	return kept, dropped
}

func until(entries []Entry, limit time.Time) []Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return e.Time.After(limit) })
}

func after(entries []Entry, limit time.Time) []Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return !e.Time.After(limit) })
}

func (s *Store) stateKey() string { return s.prefix + "state" }

func (s *Store) segmentKey(number uint64) string {
	return s.prefix + "delivered/" + strconv.FormatUint(number, 10)
}
