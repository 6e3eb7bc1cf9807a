// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

// What becomes the body of a log record.
const (
	bodyRaw        = "raw"
	bodyStructured = "structured"
)

// Which attributes a log record has.
const (
	attributesAll     = "all"
	attributesCurated = "curated"
)

// How rescans read, and when history is read.
const (
	rescanLight = "light"
	rescanFull  = "full"

	orderBeside = "beside"
	orderFirst  = "first"
)

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
	_ confmap.Validator   = (*Config)(nil)
	_ fmt.Formatter       = Config{}
)

// Config is the configuration of the receiver.
type Config struct {
	// ClientConfig holds the settings of the HTTP client. It is a named field: embedded, its
	// Unmarshal would be taken for that of the whole configuration. Endpoint stands in for Region.
	ClientConfig confighttp.ClientConfig `mapstructure:",squash"`

	// Region is where the account lives: us, eu or in. It picks the endpoint.
	Region string `mapstructure:"region"`
	// APIKey is sent as x-api-key. It stays empty where ClientConfig.Auth authenticates.
	APIKey configopaque.String `mapstructure:"api_key,omitempty"`
	// Organizations are those that are read; none is the key's own.
	Organizations []OrganizationConfig `mapstructure:"organizations"`
	// Services are the services whose events are read; "all" is every service.
	Services []string `mapstructure:"services"`

	// PollInterval is the time between two looks for new events, at least 1 s.
	PollInterval time.Duration `mapstructure:"poll_interval"`
	// MaxEventDelay is how long after its timestamp an event may become visible and is still
	// delivered for certain.
	MaxEventDelay time.Duration `mapstructure:"max_event_delay"`
	// RescanInterval is the time between two looks for late events, at least PollInterval.
	RescanInterval time.Duration `mapstructure:"rescan_interval"`

	// PageSize is the largest number of events that a request asks for, 1 to 10,000.
	PageSize int `mapstructure:"page_size"`
	// RequestsPerSecond bounds the requests of all organizations together.
	RequestsPerSecond float64 `mapstructure:"requests_per_second"`
	// MaxResponseSize bounds an inflated response, 1 MiB to 1 GiB.
	MaxResponseSize ByteSize `mapstructure:"max_response_size"`

	// Backfill says how much of the past is read after the very first start.
	Backfill BackfillConfig `mapstructure:"backfill"`
	// Retention is how far back the API answers.
	Retention time.Duration `mapstructure:"retention"`
	// Rescan is light, by ids and timestamps until an event is new, or full, by whole events.
	Rescan string `mapstructure:"rescan"`
	// Audit compares what was delivered with what the API counts.
	Audit AuditConfig `mapstructure:"audit"`
	// SilenceAfter is how long an organization may have no event until that is told; 0 is never.
	SilenceAfter time.Duration `mapstructure:"silence_after"`
	// Batch bounds what is delivered at once.
	Batch BatchConfig `mapstructure:"batch"`
	// Body is raw, the event's JSON byte for byte, or structured, a map.
	Body string `mapstructure:"body"`
	// Attributes is all, or curated, the keys that all services share, with all else in the body only.
	Attributes string `mapstructure:"attributes"`

	// RetryOnFailure paces the attempts after a failure of the API or of the next consumer.
	RetryOnFailure configretry.BackOffConfig `mapstructure:"retry_on_failure"`
	// Storage is the extension that remembers what was delivered; nil is memory only.
	Storage *component.ID `mapstructure:"storage"`
	// LeaderElector is the extension that picks the replica that reads; nil is to read in any case.
	LeaderElector *component.ID `mapstructure:"k8s_leader_elector"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// OrganizationConfig is one organization that is read.
type OrganizationConfig struct {
	// ID is sent as x-org-id.
	ID string `mapstructure:"id"`
	// Name is put on the organization's records where it is not empty.
	Name string `mapstructure:"name"`
	// APIKey takes the place of the receiver's own where it is not empty.
	APIKey configopaque.String `mapstructure:"api_key,omitempty"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// BackfillConfig says how much of the past is read; nothing where neither of the two is set.
type BackfillConfig struct {
	// StartTime is the time of the oldest events.
	StartTime Timestamp `mapstructure:"start_time"`
	// Lookback is the age of the oldest events at the very first start.
	Lookback time.Duration `mapstructure:"lookback"`
	// Order is beside, beside the live tail, or first, oldest first and before live events.
	Order string `mapstructure:"order"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func (b BackfillConfig) history() poll.History {
	return poll.History{Start: b.StartTime.Time(), Lookback: b.Lookback, First: b.Order == orderFirst}
}

// AuditConfig says how what was delivered is compared with what the API counts.
type AuditConfig struct {
	// Interval is the time between two audits, at least a minute.
	Interval time.Duration `mapstructure:"interval"`
	// Depth is the age of the oldest hours that are compared; 0 is no audit.
	Depth time.Duration `mapstructure:"depth"`
	// MaxIDs is how many ids of all organizations are remembered, before the depth is shortened.
	MaxIDs int `mapstructure:"max_ids"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// BatchConfig bounds what is delivered at once.
type BatchConfig struct {
	// MaxRecords is the largest number of events that are remembered together, 1 to 10,000.
	MaxRecords int `mapstructure:"max_records"`
	// MaxSize is the largest message for the next consumer, measured as OTLP. One larger event goes alone.
	MaxSize ByteSize `mapstructure:"max_size"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func createDefaultConfig() component.Config {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = time.Minute
	// Without it a connection that died silently is found by the timeout of a request only.
	client.HTTP2ReadIdleTimeout = 30 * time.Second

	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxInterval = 5 * time.Minute
	// A batch that is given up is lost, so the attempts go on for ever.
	retry.MaxElapsedTime = 0

	return &Config{
		ClientConfig:      client,
		Region:            "us",
		Services:          []string{serviceAll},
		PollInterval:      30 * time.Second,
		MaxEventDelay:     time.Hour,
		RescanInterval:    5 * time.Minute,
		PageSize:          maxPageSize,
		RequestsPerSecond: 10,
		MaxResponseSize:   64 * mebibyte,
		Retention:         90 * 24 * time.Hour,
		Rescan:            rescanLight,
		Audit:             AuditConfig{Interval: time.Hour, Depth: 24 * time.Hour, MaxIDs: 2_000_000},
		SilenceAfter:      24 * time.Hour,
		Batch:             BatchConfig{MaxRecords: defaultMaxRecords, MaxSize: defaultMaxSize},
		Backfill:          BackfillConfig{Order: orderBeside},
		Body:              bodyRaw,
		Attributes:        attributesAll,
		RetryOnFailure:    retry,
	}
}

// endpoint is where the API is asked: the configured endpoint, else the region's.
func (c *Config) endpoint() string {
	if c.ClientConfig.Endpoint != "" {
		return c.ClientConfig.Endpoint
	}
	endpoint, _ := insights.RegionEndpoint(c.Region)
	return endpoint
}

// Format implements fmt.Formatter. Every verb prints what %v does, since an opaque string shows
// itself to the verbs that are not meant for strings, such as %d.
func (c Config) Format(state fmt.State, _ rune) {
	type plain Config
	_, _ = fmt.Fprintf(state, fmt.FormatString(state, 'v'), plain(c))
}
