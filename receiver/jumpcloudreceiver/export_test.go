// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
)

// NewLogsWithRandom returns a receiver whose waits are decided by random, so that a run of it
// can be repeated.
func NewLogsWithRandom(settings receiver.Settings, config *Config, next consumer.Logs, random func() float64) (receiver.Logs, error) {
	created, err := newLogsReceiver(settings, config, next, newHolds())
	if err != nil {
		return nil, err
	}
	created.random = random
	return created, nil
}
