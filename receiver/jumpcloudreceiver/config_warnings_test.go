// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// warningsOf reads a configuration that is allowed and has a key and a storage.
func warningsOf(t *testing.T, yaml string) []string {
	t.Helper()
	config := createDefaultConfig().(*Config)
	require.NoError(t, confOf(t, "api_key: key-for-tests\nstorage: file_storage\n"+yaml).Unmarshal(config))
	require.NoError(t, confmap.Validate(config))
	return config.warnings()
}

func TestConfig_NothingToWarnOf(t *testing.T) {
	assert.Empty(t, warningsOf(t, ""))
	assert.Empty(t, warningsOf(t, "services: [directory, sso, radius]"))
	assert.Empty(t, warningsOf(t, "backfill: {lookback: 2160h}"))
}

func TestFault_X4_UnknownServiceIsAskedForWithAWarning(t *testing.T) {
	assert.Equal(t, []string{
		`services holds "direcory", which is not known to this version and is asked for as it is; did you mean "directory"?`,
		`services holds "zzzzzz", which is not known to this version and is asked for as it is`,
	}, warningsOf(t, "services: [direcory, sso, zzzzzz]"))
}

func TestFault_X4_AServiceCannotForgeALineOfTheLog(t *testing.T) {
	for _, warning := range warningsOf(t, `services: ["x\n{\"level\":\"error\"}\e[31m"]`) {
		assert.NotContains(t, warning, "\n")
		assert.NotContains(t, warning, "\x1b")
	}
}

func TestConfig_AllBesideOtherServices(t *testing.T) {
	assert.Equal(t, []string{`services holds "all" beside others: the events of every service are read`},
		warningsOf(t, "services: [directory, all]"))
}

func TestFault_X5_BackfillBeforeTheRetentionsEdge(t *testing.T) {
	// Time stands at the first moment of the year 2000 in a bubble.
	synctest.Test(t, func(t *testing.T) {
		assert.Equal(t, []string{"backfill::lookback is 48h0m1s, longer than retention, which is 48h0m0s: what is older is not read"},
			warningsOf(t, "retention: 48h\nbackfill: {lookback: 48h1s}"))
		assert.Equal(t, []string{"backfill::start_time is 1999-12-29T23:59:59Z, longer ago than retention, which is 48h0m0s: what is older is not read"},
			warningsOf(t, "retention: 48h\nbackfill: {start_time: 1999-12-29T23:59:59Z}"))
		assert.Empty(t, warningsOf(t, "retention: 48h\nbackfill: {start_time: 1999-12-30}"))
	})
}

func TestFault_X6_CertificatesThatAreNotVerified(t *testing.T) {
	assert.Equal(t, []string{"tls::insecure_skip_verify is true: whoever stands between here and the API can read the API key and forge events"},
		warningsOf(t, "tls: {insecure_skip_verify: true}"))
}

func TestFault_S1_NoStorage(t *testing.T) {
	config := createDefaultConfig().(*Config)

	assert.Equal(t, []string{"storage is not set: what was delivered is remembered in memory only, and nothing is guaranteed across a restart; set it to a storage extension such as file_storage"},
		config.warnings())
}

func TestConfig_LeaderElectorWithAStorageThatIsPerMachine(t *testing.T) {
	assert.Equal(t, []string{`storage is "file_storage", which is per machine, and k8s_leader_elector is set: a new leader goes on from its own checkpoint, and begins at the present where it has none; set storage to one that the replicas share, such as redis_storage`},
		warningsOf(t, "k8s_leader_elector: k8s_leader_elector"))

	shared := loadExample(t, "jumpcloud/leader_elector")
	assert.Empty(t, shared.warnings())
}
