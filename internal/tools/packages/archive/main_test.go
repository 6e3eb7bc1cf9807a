// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var at = time.Unix(1_700_000_000, 0).UTC()

// archived is what a folder with a program and a text becomes; modes and times on the disk are the caller's.
func archived(t *testing.T, kind string, program, text os.FileMode) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "README.md"), []byte("a text"), text))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "collector"), []byte("a program"), program))
	require.NoError(t, os.Chtimes(filepath.Join(folder, "collector"), time.Now(), time.Now().Add(time.Duration(program)*time.Hour)))
	output := filepath.Join(t.TempDir(), "x."+kind)
	require.NoError(t, run(output, folder, at))
	return output
}

func TestArchive_HasTheSameBytesWhateverTheDiskSays(t *testing.T) {
	for _, kind := range []string{"tar", "tar.gz", "zip"} {
		t.Run(kind, func(t *testing.T) {
			first, err := os.ReadFile(archived(t, kind, 0o755, 0o644))
			require.NoError(t, err)
			second, err := os.ReadFile(archived(t, kind, 0o700, 0o600))
			require.NoError(t, err)
			assert.Equal(t, first, second)
		})
	}
}

func TestArchive_KeepsWhatIsAProgram(t *testing.T) {
	file, err := os.Open(archived(t, "tar.gz", 0o700, 0o600))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, file.Close()) })
	inflated, err := gzip.NewReader(file)
	require.NoError(t, err)
	reader := tar.NewReader(inflated)
	for _, want := range []struct {
		name string
		mode int64
	}{{"README.md", 0o644}, {"collector", 0o755}} {
		header, err := reader.Next()
		require.NoError(t, err)
		assert.Equal(t, want.name, header.Name)
		assert.Equal(t, want.mode, header.Mode)
		assert.True(t, at.Equal(header.ModTime))
	}
}

func TestArchive_ZipHoldsTheFiles(t *testing.T) {
	archive, err := zip.OpenReader(archived(t, "zip", 0o755, 0o644))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, archive.Close()) })
	require.Len(t, archive.File, 2)
	assert.Equal(t, "collector", archive.File[1].Name)
	assert.EqualValues(t, 0o755, archive.File[1].Mode())
}

func TestArchive_RefusesAnotherKind(t *testing.T) {
	assert.ErrorContains(t, run(filepath.Join(t.TempDir(), "x.rar"), t.TempDir(), at), "neither .tar, .tar.gz nor .zip")
}
