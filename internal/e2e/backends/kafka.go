// SPDX-License-Identifier: Apache-2.0

package backends

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kfake"
)

const (
	// Topic is the broker's only one, as examples/kafka.yaml has it.
	Topic = "jumpcloud"
	// brokerLimit is what a broker takes by default, message.max.bytes.
	brokerLimit = 1_048_588
)

// NewBroker starts a Kafka broker with a topic and the default limit of a real one. Options come after its own.
func NewBroker(more ...kfake.Opt) (*kfake.Cluster, error) {
	return kfake.NewCluster(append([]kfake.Opt{
		kfake.NumBrokers(1), kfake.SeedTopics(1, Topic),
		kfake.BrokerConfigs(map[string]string{"message.max.bytes": strconv.Itoa(brokerLimit)}),
	}, more...)...)
}
