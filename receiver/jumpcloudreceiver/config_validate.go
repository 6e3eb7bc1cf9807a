// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

const (
	minPollInterval = time.Second
	maxPageSize     = 10_000
	minResponseSize = mebibyte
	maxResponseSize = gibibyte
	// defaultMaxSize is below the smallest limit of the shipped exporters' backends: Kafka's 1,000,000 bytes.
	defaultMaxSize    ByteSize = 900_000
	minBatchSize               = 64 * kibibyte
	maxBatchSize               = 64 * mebibyte
	defaultMaxRecords          = 1000
	maxMaxRecords              = 10_000
)

// mistakes are sentences for the person who wrote the configuration, each with a key, its value
// unless that may be secret, and what is allowed.
type mistakes []error

func (m *mistakes) add(format string, args ...any) {
	*m = append(*m, fmt.Errorf(format, args...))
}

// choice refuses a value that is neither of two.
func (m *mistakes) choice(key, value, one, other string) {
	if value != one && value != other {
		m.add("%s is %q: it must be %s or %s", key, value, one, other)
	}
}

// Validate returns all mistakes of the receiver's own keys at once, or nil. Those that are
// within the HTTP client's and the retry's keys alone are found by their own Validate, which
// the collector calls as well.
func (c *Config) Validate() error {
	var found mistakes
	c.checkEndpoint(&found)
	c.checkCredentials(&found)
	c.checkOrganizations(&found)
	c.checkServices(&found)
	c.checkIntervals(&found)
	c.checkLimits(&found)
	c.checkBackfill(&found, time.Now())
	c.checkRetry(&found)
	found.choice("body", c.Body, bodyRaw, bodyStructured)
	found.choice("attributes", c.Attributes, attributesAll, attributesCurated)
	found.choice("rescan", c.Rescan, rescanLight, rescanFull)
	found.choice("backfill::order", c.Backfill.Order, orderBeside, orderFirst)
	if c.LeaderElector != nil && c.Storage == nil {
		found.add("k8s_leader_elector is %q and storage is not set: storage must be set too, to one that the replicas share, or each new leader begins at the present", c.LeaderElector)
	}
	return errors.Join(found...)
}

func (c *Config) checkServices(found *mistakes) {
	if len(c.Services) == 0 {
		found.add("services is empty: it must be [%s] or name at least one service, for instance %q", serviceAll, "directory")
	}
	for i, service := range c.Services {
		if strings.TrimSpace(service) == "" {
			found.add("services::%d is blank: it must name a service, for instance %q", i, "directory")
		}
	}
}

func (c *Config) checkIntervals(found *mistakes) {
	if c.ClientConfig.Timeout <= 0 {
		found.add("timeout is %s: it must be greater than 0s, since a request without one can hang for ever", c.ClientConfig.Timeout)
	}
	if c.PollInterval < minPollInterval {
		found.add("poll_interval is %s: it must be at least %s", c.PollInterval, minPollInterval)
	}
	if c.RescanInterval < c.PollInterval {
		found.add("rescan_interval is %s: it must be at least poll_interval, which is %s", c.RescanInterval, c.PollInterval)
	}
	if c.MaxEventDelay <= 0 {
		found.add("max_event_delay is %s: it must be greater than 0s", c.MaxEventDelay)
	}
	if c.Retention <= 0 {
		found.add("retention is %s: it must be greater than 0s", c.Retention)
	} else if c.MaxEventDelay >= c.Retention {
		found.add("max_event_delay is %s: it must be less than retention, which is %s", c.MaxEventDelay, c.Retention)
	}
}

func (c *Config) checkLimits(found *mistakes) {
	if c.PageSize < 1 || c.PageSize > maxPageSize {
		found.add("page_size is %d: it must be 1 to %d", c.PageSize, maxPageSize)
	}
	// Written so that what is not a number is refused too.
	if !(c.RequestsPerSecond > 0) || math.IsInf(c.RequestsPerSecond, 1) {
		found.add("requests_per_second is %v: it must be a number greater than 0", c.RequestsPerSecond)
	}
	if c.Batch.MaxRecords < 1 || c.Batch.MaxRecords > maxMaxRecords {
		found.add("batch::max_records is %d: it must be 1 to %d", c.Batch.MaxRecords, maxMaxRecords)
	}
	if c.Batch.MaxSize < minBatchSize || c.Batch.MaxSize > maxBatchSize {
		found.add("batch::max_size is %s: it must be %s to %s", c.Batch.MaxSize, minBatchSize, maxBatchSize)
	}
	if c.MaxResponseSize < minResponseSize || c.MaxResponseSize > maxResponseSize {
		found.add("max_response_size is %s: it must be %s to %s", c.MaxResponseSize, minResponseSize, maxResponseSize)
	}
}

func (c *Config) checkBackfill(found *mistakes, now time.Time) {
	start := c.Backfill.StartTime
	if start.Time().After(now) {
		found.add("backfill::start_time is %s: it must not be in the future", start)
	}
	if c.Backfill.Lookback < 0 {
		found.add("backfill::lookback is %s: it must not be negative", c.Backfill.Lookback)
	}
	if !start.Time().IsZero() && c.Backfill.Lookback != 0 {
		found.add("backfill::start_time is %s and backfill::lookback is %s: only one of the two may be set", start, c.Backfill.Lookback)
	}
}

// checkRetry refuses what configretry allows and what would lose events, or ask without a pause.
func (c *Config) checkRetry(found *mistakes) {
	retry := c.RetryOnFailure
	if !retry.Enabled {
		found.add("retry_on_failure::enabled is false: it must be true, since every refused batch would be lost; max_elapsed_time bounds the retries of a batch")
	}
	if retry.InitialInterval <= 0 {
		found.add("retry_on_failure::initial_interval is %s: it must be greater than 0s", retry.InitialInterval)
	}
	if retry.MaxInterval < retry.InitialInterval {
		found.add("retry_on_failure::max_interval is %s: it must be at least initial_interval, which is %s", retry.MaxInterval, retry.InitialInterval)
	}
	if !(retry.Multiplier >= 1) {
		found.add("retry_on_failure::multiplier is %v: it must be at least 1", retry.Multiplier)
	}
}

func (c *Config) checkOrganizations(found *mistakes) {
	first := make(map[string]int, len(c.Organizations))
	for i, organization := range c.Organizations {
		checkOrganizationID(found, i, organization.ID)
		if before, again := first[organization.ID]; again && organization.ID != "" {
			found.add("organizations::%d::id is %q: organizations::%d has the same id, and each organization may be there once", i, organization.ID, before)
		} else {
			first[organization.ID] = i
		}
	}
}

func checkOrganizationID(found *mistakes, index int, id string) {
	switch {
	case strings.TrimSpace(id) == "":
		found.add("organizations::%d::id is empty: it must be the id of an organization", index)
	case !isToken(id):
		found.add("organizations::%d::id is %q: it must hold no space, no line break and nothing but ASCII", index, id)
	}
}

// isToken says that a text can be a header's value as it is, and holds nothing invisible.
func isToken(text string) bool {
	return !strings.ContainsFunc(text, func(char rune) bool { return char <= ' ' || char > '~' })
}

func (c *Config) regionKnown() bool {
	_, known := insights.RegionEndpoint(c.Region)
	return known
}
