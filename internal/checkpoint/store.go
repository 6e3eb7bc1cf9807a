// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// apart is how many segments of a span another writer may add without a number being used twice.
const apart = 32

// loadChunk is how many segments one batch of reads asks for.
const loadChunk = 128

// Store is the checkpoint of one organization. It is not safe for concurrent use.
type Store struct {
	client storage.Client
	prefix string
	ledger
}

// ledger is what is remembered.
type ledger struct {
	// version is the format of the stored record, 0 where there is none, and state is the state in it.
	version int
	state   State

	spans map[span]*stored
	// ahead is whether there was a span of more than an hour: without one, a look-up needs to try a single hour.
	ahead bool
	// recent is what there is of recentSpan, which was looked into last: most events share an hour with the one
	// before them. It is nil where there is nothing.
	recentSpan span
	recent     *stored
	// strays and migrated ids are looked for in all of their spans at once.
	strays, migrated lasts
	// format1 are segments of format 1, and damaged are keys of format 2, that the next commit removes.
	format1 numbers
	damaged []string
}

// stored is what there is of a span.
type stored struct {
	// ids are those of a dated span.
	ids map[ID]struct{}
	// segments have the numbers below this one. Some may be missing.
	segments int
	// tail is the ids of the last segment where that is to be written again.
	tail []ID
}

// lasts has the last hour that an id is kept for.
type lasts map[ID]hour

func (l lasts) keep(id ID, last hour) {
	if known, found := l[id]; !found || known < last {
		l[id] = last
	}
}

func newLedger() ledger {
	return ledger{spans: make(map[span]*stored), strays: make(lasts), migrated: make(lasts)}
}

// Open returns the store of an organization; "" is the organization of the API key itself.
// Several stores may share a client, which stays the caller's to close.
func Open(client storage.Client, organization string) *Store {
	prefix := "own/"
	if organization != "" {
		prefix = "organization/" + organization + "/"
	}
	return &Store{client: client, prefix: prefix, ledger: newLedger()}
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

// Load reads the state and the ids, and forgets what was known before. A damaged state is kept under
// another key and reported as not found. An error means that nothing is known, which must never be
// taken for an empty storage: ErrNewerVersion, or the storage client's.
func (s *Store) Load(ctx context.Context) (Loaded, error) {
	s.ledger = newLedger()
	data, err := s.client.Get(ctx, s.stateKey())
	if err != nil {
		return Loaded{}, fmt.Errorf("reading the stored state: %w", err)
	}
	if data == nil {
		return Loaded{}, nil
	}
	version, found, err := decodeState(data)
	if errors.Is(err, errDamaged) {
		return s.keepDamaged(ctx, data)
	}
	if err != nil {
		return Loaded{}, err
	}
	s.version, s.state, s.format1 = version, found.State, found.Format1
	loaded := Loaded{State: found.State, Found: true}
	if version == 1 {
		loaded.DamagedSegments, err = s.loadFormat1(ctx, found.Format1)
	} else {
		err = s.loadSegments(ctx, found.Segments)
		loaded.DamagedSegments = len(s.damaged)
		s.keepApart()
	}
	return loaded, err
}

// keepApart leaves the next numbers of each span to whoever wrote them last. It may be a replica that does
// not know yet that it leads no more: what both of them write then is read by the next.
func (l *ledger) keepApart() {
	for _, known := range l.spans {
		known.segments += apart
		known.tail = nil
	}
}

func (s *Store) keepDamaged(ctx context.Context, data []byte) (Loaded, error) {
	key := s.stateKey() + ".damaged"
	if err := s.client.Set(ctx, key, data); err != nil {
		return Loaded{}, fmt.Errorf("keeping the damaged state: %w", err)
	}
	return Loaded{DamagedKey: key}, nil
}

// loadSegments reads one segment past those of each span as well: where a batch was torn, it holds
// ids that were accepted although the state that counts it was not written.
func (s *Store) loadSegments(ctx context.Context, segments map[span]int) error {
	type place struct {
		span   span
		number int
	}
	var places []place
	var keys []string
	for _, of := range slices.SortedFunc(maps.Keys(segments), compareSpans) {
		for number := range segments[of] + 1 {
			places, keys = append(places, place{of, number}), append(keys, s.segmentKey(of, number))
		}
	}
	return s.read(ctx, keys, func(i int, value []byte) {
		ids, ok := decodeSegment(places[i].span, value)
		if !ok {
			s.damaged = append(s.damaged, keys[i])
		}
		s.keep(places[i].span, places[i].number, ids, ids)
	})
}

// read hands over the values that there are, with the positions of their keys.
func (s *Store) read(ctx context.Context, keys []string, take func(i int, value []byte)) error {
	i := 0
	for chunk := range slices.Chunk(keys, loadChunk) {
		operations := make([]*storage.Operation, len(chunk))
		for j, key := range chunk {
			operations[j] = storage.GetOperation(key)
		}
		if err := s.client.Batch(ctx, operations...); err != nil {
			return fmt.Errorf("reading the stored ids: %w", err)
		}
		for _, operation := range operations {
			if operation.Value != nil {
				take(i, operation.Value)
			}
			i++
		}
	}
	return nil
}

// Seen says whether the event was delivered, as far as that is still remembered. at is the event's
// timestamp, or zero where it has none.
func (l *ledger) Seen(id ID, at time.Time) bool {
	if _, found := l.strays[id]; found || at.IsZero() {
		return found
	}
	own := hourOf(at)
	return l.remembers(spanOf(dated, own, 1), id) || l.ahead &&
		(l.remembers(spanOf(dated, own, wide), id) || l.remembers(spanOf(dated, own, widest), id))
}

func (l *ledger) remembers(of span, id ID) bool {
	if of != l.recentSpan || l.recent == nil {
		l.recentSpan, l.recent = of, l.spans[of]
	}
	if l.recent == nil {
		return false
	}
	_, found := l.recent.ids[id]
	return found
}

// Delivered is the number of dated ids that are remembered of the hour that begins at a time.
func (l *ledger) Delivered(at time.Time) int {
	known := l.spans[spanOf(dated, hourOf(at), 1)]
	if known == nil {
		return 0
	}
	return len(known.ids)
}

// Migrated says whether ids of format 1 are still remembered.
func (l *ledger) Migrated() bool { return len(l.migrated) > 0 }

// SeenMigrated is Seen for the ID that format 1 gave the event.
func (l *ledger) SeenMigrated(id ID) bool {
	_, found := l.migrated[id]
	return found
}

// Remembered is the number of ids that are kept, in all spans.
func (l *ledger) Remembered() int {
	count := len(l.strays) + len(l.migrated)
	for _, known := range l.spans {
		count += len(known.ids)
	}
	return count
}

func (s *Store) stateKey() string { return s.prefix + "state" }

func (s *Store) segmentKey(of span, number int) string {
	return s.prefix + "delivered/" + of.name() + "/" + strconv.Itoa(number)
}
