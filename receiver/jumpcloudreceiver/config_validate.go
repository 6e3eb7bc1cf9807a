// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configretry"

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
	// maxAuditDepth is a week: each audit counts all of it.
	maxAuditDepth = 7 * 24 * time.Hour
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
	checkProxy(&found, c.ClientConfig.ProxyURL)
	c.checkCredentials(&found)
	checkOrganizations(&found, c.Organizations)
	checkServices(&found, c.Services)
	c.checkIntervals(&found)
	c.checkLimits(&found)
	c.Audit.check(&found)
	c.Batch.check(&found)
	c.Backfill.check(&found, time.Now())
	checkRetry(&found, c.RetryOnFailure)
	found.choice("body", c.Body, bodyRaw, bodyStructured)
	found.choice("attributes", c.Attributes, attributesAll, attributesCurated)
	found.choice("rescan", c.Rescan, rescanLight, rescanFull)
	if c.LeaderElector != nil && c.Storage == nil {
		found.add("k8s_leader_elector is %q and storage is not set: storage must be set too, to one that the replicas share, or each new leader begins at the present", c.LeaderElector)
	}
	return errors.Join(found...)
}

// checkServices refuses no service for being unknown, since their list grows; but one that only its
// writing tells from a known one is refused for ever by the API.
func checkServices(found *mistakes, services []string) {
	if len(services) == 0 {
		found.add("services is empty: it must be [%s] or name at least one service, for instance %q", serviceAll, "directory")
	}
	known := insights.KnownServices()
	for i, service := range services {
		meant := strings.ToLower(strings.TrimSpace(service))
		switch {
		case meant == "":
			found.add("services::%d is blank: it must name a service, for instance %q", i, "directory")
		case meant != service && slices.Contains(known, meant):
			found.add("services::%d is %q: services are written in lower case and without spaces; write %s", i, service, meant)
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
	if c.SilenceAfter < 0 {
		found.add("silence_after is %s: it must not be negative; 0s is off", c.SilenceAfter)
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
	if c.MaxResponseSize < minResponseSize || c.MaxResponseSize > maxResponseSize {
		found.add("max_response_size is %s: it must be %s to %s", c.MaxResponseSize, minResponseSize, maxResponseSize)
	}
}

func (a AuditConfig) check(found *mistakes) {
	if a.Interval < time.Minute {
		found.add("audit::interval is %s: it must be at least 1m", a.Interval)
	}
	if a.Depth < 0 || a.Depth > maxAuditDepth {
		found.add("audit::depth is %s: it must be 0s, which is no audit, to %s", a.Depth, maxAuditDepth)
	}
	if a.MaxIDs < 1 {
		found.add("audit::max_ids is %d: it must be at least 1", a.MaxIDs)
	}
}

func (b BatchConfig) check(found *mistakes) {
	if b.MaxRecords < 1 || b.MaxRecords > maxMaxRecords {
		found.add("batch::max_records is %d: it must be 1 to %d", b.MaxRecords, maxMaxRecords)
	}
	if b.MaxSize < minBatchSize || b.MaxSize > maxBatchSize {
		found.add("batch::max_size is %s: it must be %s to %s", b.MaxSize, minBatchSize, maxBatchSize)
	}
}

func (b BackfillConfig) check(found *mistakes, now time.Time) {
	start := b.StartTime
	if start.Time().After(now) {
		found.add("backfill::start_time is %s: it must not be in the future", start)
	}
	if b.Lookback < 0 {
		found.add("backfill::lookback is %s: it must not be negative", b.Lookback)
	}
	if !start.Time().IsZero() && b.Lookback != 0 {
		found.add("backfill::start_time is %s and backfill::lookback is %s: only one of the two may be set", start, b.Lookback)
	}
	found.choice("backfill::order", b.Order, orderBeside, orderFirst)
}

// checkRetry refuses what configretry allows and what would lose events, or ask without a pause.
func checkRetry(found *mistakes, retry configretry.BackOffConfig) {
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

func checkOrganizations(found *mistakes, organizations []OrganizationConfig) {
	first := make(map[string]int, len(organizations))
	for i, organization := range organizations {
		organization.checkID(found, i)
		if before, again := first[organization.ID]; again && organization.ID != "" {
			found.add("organizations::%d::id is %q: organizations::%d has the same id, and each organization may be there once", i, organization.ID, before)
		} else {
			first[organization.ID] = i
		}
	}
}

// checkID refuses what no id has: a list of ids would go out as one header.
func (o OrganizationConfig) checkID(found *mistakes, index int) {
	switch id := o.ID; {
	case strings.TrimSpace(id) == "":
		found.add("organizations::%d::id is empty: it must be the id of an organization", index)
	case len(severalIDs(id)) > 1:
		found.add("organizations::%d::id is %q: it must be one id; write an entry for each, [{id: %s}]", index, id, strings.Join(severalIDs(id), "}, {id: "))
	case strings.HasPrefix(id, "$"):
		found.add("organizations::%d::id is %q: %s", index, id, environmentRemedy)
	case strings.ContainsFunc(id, isNotOfID):
		found.add("organizations::%d::id is %q: it must hold nothing but ASCII letters, digits, \"-\", \"_\" and \".\"; write the id as JumpCloud shows it", index, id)
	}
}

// severalIDs takes a text apart at commas, semicolons and spaces, where all its parts look like ids.
func severalIDs(text string) []string {
	ids := strings.FieldsFunc(text, func(char rune) bool { return char == ',' || char == ';' || char == ' ' })
	if slices.ContainsFunc(ids, func(id string) bool { return strings.ContainsFunc(id, isNotOfID) }) {
		return nil
	}
	return ids
}

func isNotOfID(char rune) bool {
	switch {
	case 'a' <= char && char <= 'z', 'A' <= char && char <= 'Z', '0' <= char && char <= '9':
		return false
	default:
		return !strings.ContainsRune("-_.", char)
	}
}
