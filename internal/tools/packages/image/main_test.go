// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const largest = 60 << 20

func write(t *testing.T) string {
	t.Helper()
	collector := filepath.Join(t.TempDir(), "collector")
	require.NoError(t, os.WriteFile(collector, []byte("a program"), 0o600))
	output := filepath.Join(t.TempDir(), "image")
	made := release{version: "1.2.3", commit: "0123abc", at: time.Unix(1_700_000_000, 0).UTC(), config: []byte("receivers:\n")}
	require.NoError(t, run(made, output, []string{"linux/amd64=" + collector, "linux/arm64=" + collector}))
	return output
}

// indexOf is the only index of a layout, which is found valid: every digest, size and media type.
func indexOf(t *testing.T, folder string) v1.ImageIndex {
	t.Helper()
	root, err := layout.ImageIndexFromPath(folder)
	require.NoError(t, err)
	require.NoError(t, validate.Index(root))
	manifest, err := root.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 1)
	index, err := root.ImageIndex(manifest.Manifests[0].Digest)
	require.NoError(t, err)
	return index
}

func TestImage_RunsAsItsUserWithCertificatesAndConfiguration(t *testing.T) {
	index := indexOf(t, write(t))
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 2)
	for i, architecture := range []string{"amd64", "arm64"} {
		assert.Equal(t, architecture, manifest.Manifests[i].Platform.Architecture)
		image, err := index.Image(manifest.Manifests[i].Digest)
		require.NoError(t, err)
		described, err := image.ConfigFile()
		require.NoError(t, err)
		assert.Equal(t, "10001:10001", described.Config.User)
		assert.Equal(t, []string{"/otelcol-jumpcloud"}, described.Config.Entrypoint)
		assert.Equal(t, "0123abc", described.Config.Labels["org.opencontainers.image.revision"])
		files := filesOf(t, image)
		assert.Equal(t, "a program", files["otelcol-jumpcloud"].content)
		assert.EqualValues(t, 0o755, files["otelcol-jumpcloud"].Mode)
		assert.Equal(t, "receivers:\n", files["etc/otelcol-jumpcloud/config.yaml"].content)
		assert.Equal(t, 10001, files["var/lib/otelcol-jumpcloud"].Uid)
		assert.True(t, x509.NewCertPool().AppendCertsFromPEM([]byte(files["etc/ssl/certs/ca-certificates.crt"].content)))
	}
}

func TestImage_HasTheSameBytesAgain(t *testing.T) {
	first, err := indexOf(t, write(t)).Digest()
	require.NoError(t, err)
	second, err := indexOf(t, write(t)).Digest()
	require.NoError(t, err)
	assert.Equal(t, first, second)
}

func TestImage_OfTheReleaseIsValidAndSmall(t *testing.T) {
	packages := os.Getenv("PACKAGES") // the folder that `make packages` writes
	if packages == "" {
		t.Skip("PACKAGES is not set")
	}
	index := indexOf(t, filepath.Join(packages, "image"))
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	for _, described := range manifest.Manifests {
		image, err := index.Image(described.Digest)
		require.NoError(t, err)
		layers, err := image.Layers()
		require.NoError(t, err)
		var total int64
		for _, layer := range layers {
			size, err := layer.Size()
			require.NoError(t, err)
			total += size
		}
		t.Logf("%s/%s: %.1f MB compressed", described.Platform.OS, described.Platform.Architecture, float64(total)/1e6)
		assert.LessOrEqual(t, total, int64(largest))
	}
}

type unpacked struct {
	*tar.Header
	content string
}

func filesOf(t *testing.T, image v1.Image) map[string]unpacked {
	t.Helper()
	content := mutate.Extract(image)
	defer func() { require.NoError(t, content.Close()) }()
	files := map[string]unpacked{}
	for reader := tar.NewReader(content); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		text, err := io.ReadAll(reader)
		require.NoError(t, err)
		files[filepath.Clean(header.Name)] = unpacked{Header: header, content: string(text)}
	}
}
