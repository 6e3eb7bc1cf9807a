// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

const exampleConfigs = "../../testdata/config.yaml"

// loadExample reads one of the configurations in testdata.
func loadExample(t *testing.T, name string) *Config {
	t.Helper()
	conf, err := confmaptest.LoadConf(exampleConfigs)
	require.NoError(t, err)
	conf, err = conf.Sub(name)
	require.NoError(t, err)
	config := createDefaultConfig().(*Config)
	require.NoError(t, conf.Unmarshal(config))
	return config
}

// confOf reads YAML as the collector does.
func confOf(t *testing.T, yaml string) *confmap.Conf {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(yaml))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	return conf
}

func TestConfig_TheKeyAloneIsEnough(t *testing.T) {
	config := loadExample(t, "jumpcloud")

	require.NoError(t, confmap.Validate(config))
	expected := createDefaultConfig().(*Config)
	expected.APIKey = "key-for-tests"
	assert.Equal(t, expected, config)
}

func TestConfig_Defaults(t *testing.T) {
	config := createDefaultConfig().(*Config)

	require.NoError(t, componenttest.CheckConfigStruct(config))
	assert.Equal(t, "https://api.jumpcloud.com", config.endpoint())
	assert.Equal(t, time.Minute, config.ClientConfig.Timeout)
	assert.Equal(t, 30*time.Second, config.ClientConfig.HTTP2ReadIdleTimeout)
	assert.Equal(t, "us", config.Region)
	assert.Empty(t, config.APIKey)
	assert.Empty(t, config.Organizations)
	assert.Equal(t, []string{"all"}, config.Services)
	assert.Equal(t, 30*time.Second, config.PollInterval)
	assert.Equal(t, time.Hour, config.MaxEventDelay)
	assert.Equal(t, 5*time.Minute, config.RescanInterval)
	assert.Equal(t, 10_000, config.PageSize)
	assert.InDelta(t, 10, config.RequestsPerSecond, 0)
	assert.Equal(t, ByteSize(64<<20), config.MaxResponseSize)
	assert.Equal(t, poll.History{}, config.Backfill.history())
	assert.Equal(t, 2160*time.Hour, config.Retention)
	assert.Equal(t, "raw", config.Body)
	assert.Equal(t, "all", config.Attributes)
	assert.Equal(t, configretry.BackOffConfig{
		Enabled:             true,
		InitialInterval:     5 * time.Second,
		MaxInterval:         5 * time.Minute,
		MaxElapsedTime:      0,
		Multiplier:          1.5,
		RandomizationFactor: 0.5,
	}, config.RetryOnFailure)
	assert.Nil(t, config.Storage)
	assert.Nil(t, config.LeaderElector)
}

func TestConfig_EveryKeyOfTheReceiver(t *testing.T) {
	config := loadExample(t, "jumpcloud/all_keys")

	require.NoError(t, confmap.Validate(config))
	expected := createDefaultConfig().(*Config)
	expected.Region = "eu"
	expected.APIKey = "key-for-tests"
	expected.Organizations = []OrganizationConfig{
		{ID: "5f1b1c4e0e8b7d0001a1b2c3", Name: "Acme", APIKey: "key-of-acme"},
		{ID: "5f1b1c4e0e8b7d0001a1b2c4"},
	}
	expected.Services = []string{"directory", "sso"}
	expected.PollInterval = 10 * time.Second
	expected.MaxEventDelay = 2 * time.Hour
	expected.RescanInterval = time.Minute
	expected.PageSize = 500
	expected.RequestsPerSecond = 2.5
	expected.MaxResponseSize = 16 << 20
	expected.Backfill.Lookback = 360 * time.Hour
	expected.Backfill.Order = "first"
	expected.Rescan = "full"
	expected.Audit = AuditConfig{Interval: 30 * time.Minute, Depth: 12 * time.Hour, MaxIDs: 500_000}
	expected.SilenceAfter = 72 * time.Hour
	expected.Batch = BatchConfig{MaxRecords: 500, MaxSize: 512_000}
	expected.Retention = 720 * time.Hour
	expected.Body = "structured"
	expected.Attributes = "curated"
	expected.RetryOnFailure = configretry.BackOffConfig{
		Enabled:             true,
		InitialInterval:     time.Second,
		MaxInterval:         time.Minute,
		MaxElapsedTime:      time.Hour,
		Multiplier:          2,
		RandomizationFactor: 0.1,
	}
	storage := component.MustNewIDWithName("file_storage", "jumpcloud")
	expected.Storage = &storage
	assert.Equal(t, expected, config)
	assert.Equal(t, "https://api.eu.jumpcloud.com", config.endpoint())
	assert.Equal(t, poll.History{Lookback: 360 * time.Hour, First: true}, config.Backfill.history())
}

func TestConfig_EveryKeyOfTheHTTPClient(t *testing.T) {
	config := loadExample(t, "jumpcloud/http_client")

	require.NoError(t, confmap.Validate(config))
	assert.Equal(t, "https://insights.example.com", config.endpoint())
	client := config.ClientConfig
	assert.Equal(t, 45*time.Second, client.Timeout)
	assert.Equal(t, "http://proxy.example.com:3128", client.ProxyURL)
	assert.Equal(t, "api.example.com", client.TLS.ServerName)
	assert.Equal(t, "1.3", client.TLS.MinVersion)
	value, _ := client.Headers.Get("x-trace-source")
	assert.Equal(t, "collector", string(value))
	require.True(t, client.Auth.HasValue())
	assert.Equal(t, "oauth2client", client.Auth.Get().AuthenticatorID.String())
	assert.Equal(t, "gzip", string(client.Compression))
	assert.EqualValues(t, 6, client.CompressionParams.Level)
	assert.True(t, client.Cookies.HasValue())
	require.Len(t, client.Middlewares, 1)
	assert.Equal(t, "example_middleware", client.Middlewares[0].ID.String())
	assert.Equal(t, 3, client.MaxConnsPerHost)
	assert.False(t, client.ForceAttemptHTTP2)
	assert.Equal(t, 15*time.Second, client.HTTP2ReadIdleTimeout)
	assert.Equal(t, 5*time.Second, client.HTTP2PingTimeout)
	assert.Equal(t, 4096, client.ReadBufferSize)
	assert.Equal(t, 8192, client.WriteBufferSize)

	// The client keeps what it read of keepalive in fields that are deprecated.
	printed := confmap.New()
	require.NoError(t, printed.Marshal(config))
	assert.EqualValues(t, 20*time.Second, printed.Get("idle_conn_timeout"))
	assert.Equal(t, 4, printed.Get("max_idle_conns"))
	assert.Equal(t, 2, printed.Get("max_idle_conns_per_host"))
}

func TestConfig_WaysToWriteATimeAndASize(t *testing.T) {
	for name, expected := range map[string]struct {
		start time.Time
		size  ByteSize
	}{
		"jumpcloud/start_time":        {time.Date(2025, 11, 8, 9, 30, 0, 0, time.UTC), 2 << 20},
		"jumpcloud/start_date":        {time.Date(2025, 11, 8, 0, 0, 0, 0, time.UTC), 1 << 20},
		"jumpcloud/start_date_quoted": {time.Date(2025, 11, 8, 0, 0, 0, 0, time.UTC), 64 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			config := loadExample(t, name)

			require.NoError(t, confmap.Validate(config))
			assert.WithinDuration(t, expected.start, config.Backfill.history().Start, 0)
			assert.Equal(t, expected.size, config.MaxResponseSize)
		})
	}
}

func TestConfig_EveryOrganizationMayHaveItsOwnKey(t *testing.T) {
	config := loadExample(t, "jumpcloud/keys_of_organizations")

	require.NoError(t, confmap.Validate(config))
	assert.Empty(t, config.APIKey)
	assert.Equal(t, "key-of-example", string(config.Organizations[1].APIKey))
}

func TestConfig_LeaderElectorWantsAStorage(t *testing.T) {
	config := loadExample(t, "jumpcloud/leader_elector")
	require.NoError(t, confmap.Validate(config))
	assert.Equal(t, "k8s_leader_elector", config.LeaderElector.String())

	config.Storage = nil
	require.EqualError(t, config.Validate(), `k8s_leader_elector is "k8s_leader_elector" and storage is not set: storage must be set too, to one that the replicas share, or each new leader begins at the present`)
}

func TestConfig_RegionPicksTheEndpoint(t *testing.T) {
	for region, endpoint := range map[string]string{
		"us": "https://api.jumpcloud.com",
		"eu": "https://api.eu.jumpcloud.com",
		"in": "https://api.in.jumpcloud.com",
	} {
		config := createDefaultConfig().(*Config)
		config.Region = region
		assert.Equal(t, endpoint, config.endpoint())
	}
}

func TestConfig_WhatIsPrintedCanBeReadAgain(t *testing.T) {
	for _, name := range []string{"jumpcloud", "jumpcloud/all_keys", "jumpcloud/keys_of_organizations", "jumpcloud/start_time"} {
		t.Run(name, func(t *testing.T) {
			printed := confmap.New()
			require.NoError(t, printed.Marshal(loadExample(t, name)))

			again := createDefaultConfig().(*Config)
			require.NoError(t, confmap.NewFromStringMap(printed.ToStringMap()).Unmarshal(again))
			reprinted := confmap.New()
			require.NoError(t, reprinted.Marshal(again))
			assert.Equal(t, printed.ToStringMap(), reprinted.ToStringMap())
		})
	}
}

func TestConfig_TheExamplesShowEveryKey(t *testing.T) {
	conf, err := confmaptest.LoadConf(exampleConfigs)
	require.NoError(t, err)
	shown := map[string]bool{}
	for _, example := range conf.ToStringMap() {
		writtenPaths(example, "", shown)
	}

	deprecated := []string{"idle_conn_timeout", "max_idle_conns", "max_idle_conns_per_host", "disable_keep_alives"}
	for key, section := range sectionKeys(reflect.TypeFor[Config]()) {
		if slices.Contains(deprecated, key) {
			continue
		}
		assert.Contains(t, shown, key)
		if key == "organizations" {
			section = section.Elem()
		}
		if slices.Contains([]string{"organizations", "backfill", "retry_on_failure"}, key) {
			for inner := range maps.Keys(sectionKeys(section)) {
				assert.Contains(t, shown, joinPath(key, inner))
			}
		}
	}
}

// writtenPaths collects the paths of the keys of an example; elements of a list share theirs.
func writtenPaths(written any, path string, paths map[string]bool) {
	switch values := written.(type) {
	case map[string]any:
		for key, value := range values {
			paths[joinPath(path, key)] = true
			writtenPaths(value, joinPath(path, key), paths)
		}
	case []any:
		for _, value := range values {
			writtenPaths(value, path, paths)
		}
	}
}

func TestByteSize_IsWrittenWithAUnit(t *testing.T) {
	for text, size := range map[string]ByteSize{
		"0": 0, "1": 1, "17B": 17, "512KiB": 512 << 10, "64 MiB": 64 << 20, " 1GiB ": 1 << 30,
		"900kB": 900_000, "4MB": 4_000_000, "1 GB": 1_000_000_000,
	} {
		var read ByteSize
		require.NoError(t, read.UnmarshalText([]byte(text)))
		assert.Equal(t, size, read)
	}
	for _, text := range []string{"", "MiB", "64Mb", "1.5MiB", "-1", "9223372036854775807KiB", "9999999999999999999"} {
		var read ByteSize
		require.EqualError(t, read.UnmarshalText([]byte(text)),
			fmt.Sprintf("%q is no size: it must be a whole number of bytes, or one with KiB, MiB or GiB, such as 64MiB", text))
	}
}

func TestByteSize_IsPrintedInItsLargestUnit(t *testing.T) {
	for size, text := range map[ByteSize]string{
		0: "0B", 1: "1B", -1: "-1B", 1023: "1023B", 1 << 10: "1KiB", 1536: "1536B", 64 << 20: "64MiB", 3 << 30: "3GiB", 900_000: "900kB", 4_000_000: "4MB", 4 << 40: "4096GiB",
	} {
		assert.Equal(t, text, size.String())
	}
}
