// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// serviceAll is the service that stands for all of them.
const serviceAll = "all"

// perMachine is the storage that every user of the collector knows, and that replicas do not share.
var perMachine = component.MustNewType("file_storage")

// warnings are sentences on what is allowed and yet may not be meant. They are logged at each
// start.
func (c *Config) warnings() []string {
	found := c.serviceWarnings()
	found = append(found, c.backfillWarnings(time.Now())...)
	if c.ClientConfig.TLS.InsecureSkipVerify {
		found = append(found, "tls::insecure_skip_verify is true: whoever stands between here and the API can read the API key and forge events")
	}
	if c.Storage == nil {
		found = append(found, "storage is not set: what was delivered is remembered in memory only, and nothing is guaranteed across a restart; set it to a storage extension such as file_storage")
	}
	if c.LeaderElector != nil && c.Storage != nil && c.Storage.Type() == perMachine {
		found = append(found, fmt.Sprintf("storage is %q, which is per machine, and k8s_leader_elector is set: a new leader goes on from its own checkpoint, and begins at the present where it has none; set storage to one that the replicas share, such as redis_storage", c.Storage))
	}
	return found
}

func (c *Config) serviceWarnings() []string {
	var found []string
	known := insights.KnownServices()
	for _, service := range c.Services {
		if slices.Contains(known, service) {
			continue
		}
		// The list of services grows, so an unknown one is asked for all the same.
		warning := fmt.Sprintf("services holds %q, which is not known to this version and is asked for as it is", service)
		if near := nearest(service, known); near != "" {
			warning += fmt.Sprintf("; did you mean %q?", near)
		}
		found = append(found, warning)
	}
	if len(c.Services) > 1 && slices.Contains(c.Services, serviceAll) {
		found = append(found, fmt.Sprintf("services holds %q beside others: the events of every service are read", serviceAll))
	}
	return found
}

func (c *Config) backfillWarnings(now time.Time) []string {
	const clamped = "what is older is not read"
	if start := c.Backfill.StartTime.Time(); !start.IsZero() && start.Before(now.Add(-c.Retention)) {
		return []string{fmt.Sprintf("backfill::start_time is %s, longer ago than retention, which is %s: %s", c.Backfill.StartTime, c.Retention, clamped)}
	}
	if c.Backfill.Lookback > c.Retention {
		return []string{fmt.Sprintf("backfill::lookback is %s, longer than retention, which is %s: %s", c.Backfill.Lookback, c.Retention, clamped)}
	}
	return nil
}
