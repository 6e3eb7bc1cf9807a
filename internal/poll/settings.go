// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/checkpoint"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// Source answers queries, one page each. It returns when the headers of the answer are there.
type Source interface {
	Open(ctx context.Context, query insights.Query) (*insights.Answer, error)
	// Count is how many events a query has.
	Count(ctx context.Context, query insights.Query) (int64, insights.ServerClock, error)
	// Hours is how many events of each hour a query has.
	Hours(ctx context.Context, query insights.Query) ([]insights.Bucket, insights.ServerClock, error)
}

// Store remembers what was delivered.
type Store interface {
	Load(ctx context.Context) (checkpoint.Loaded, error)
	Commit(ctx context.Context, state checkpoint.State, delivered []checkpoint.Entry) error
	// Seen reports whether an event with this identity and timestamp was delivered; at is zero where the
	// event has no timestamp.
	Seen(id checkpoint.ID, at time.Time) bool
	// Migrated reports whether ids of format 1 are remembered, for SeenMigrated to be asked.
	Migrated() bool
	SeenMigrated(id checkpoint.ID) bool
	Remembered() int
	// Delivered is how many dated events of the hour that begins at a time are remembered.
	Delivered(hour time.Time) int
}

// Settings of an engine. All of them are required, but for History and the switches.
type Settings struct {
	Services       []string
	PollInterval   time.Duration
	RescanInterval time.Duration
	// MaxEventDelay is L, the allowed lateness of stream processing: an event that becomes visible within
	// this time of its timestamp is never lost.
	MaxEventDelay time.Duration
	// Retention is how far back the API answers.
	Retention time.Duration
	// PageSize is the largest number of events to ask for in one page, 1 to 10,000.
	PageSize int
	// BatchSize is the largest number of events that are delivered and remembered together.
	BatchSize int
	// LightRescans ask for ids and timestamps only, until an event was not delivered.
	LightRescans bool
	Backoff      backoff.Settings
	History      History
	Audit        AuditSettings
	// Query is a fingerprint of what is asked and where, to tell in the log that it was changed.
	Query string
}

// History is what of the past is read after the very first start. Nothing where Start and Lookback are zero.
type History struct {
	Start    time.Time
	Lookback time.Duration
	// First reads it before live events, all of it oldest first, and not beside them.
	First bool
}
