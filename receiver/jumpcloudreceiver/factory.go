// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/receiver/jumpcloudreceiver/internal/metadata"
)

// NewFactory returns the factory of the jumpcloud receiver, a receiver of logs. What the API asks one of its
// receivers to wait is kept by all of them that use the same key.
func NewFactory() receiver.Factory {
	shared := newHolds()
	createLogs := func(_ context.Context, settings receiver.Settings, config component.Config, next consumer.Logs) (receiver.Logs, error) {
		return newLogsReceiver(settings, config.(*Config), next, shared)
	}
	return receiver.NewFactory(
		metadata.Type,
		createDefaultConfig,
		receiver.WithLogs(createLogs, metadata.LogsStability),
	)
}
