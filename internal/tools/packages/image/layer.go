// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/pem"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// file is a file of the image, or a folder where the name ends with a slash.
type file struct {
	name       string
	content    []byte
	owner      int
	executable bool
}

// authorities are Mozilla's, as golang.org/x/crypto has them, as PEM. Those whose newer certificates Mozilla does not
// trust are left out, as PEM cannot say it.
func authorities() []byte {
	var certificates bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			certificates.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return certificates.Bytes()
}

// layerOf is a layer with files, and the folders above them.
func layerOf(files []file, at time.Time) (v1.Layer, error) {
	var layer bytes.Buffer
	archive := tar.NewWriter(&layer)
	made := map[string]bool{}
	for _, added := range files {
		for _, entry := range append(above(added.name, made), added) {
			if err := add(archive, entry, at); err != nil {
				return nil, fmt.Errorf("writing %s: %w", entry.name, err)
			}
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("ending the layer: %w", err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithMediaType(types.OCILayer))
}

// above are the folders above a file that were not made yet, outermost first.
func above(name string, made map[string]bool) []file {
	parent := path.Dir(strings.TrimSuffix(name, "/"))
	if parent == "." || made[parent] {
		return nil
	}
	folders := append(above(parent, made), file{name: parent + "/"})
	made[parent] = true
	return folders
}

func add(archive *tar.Writer, entry file, at time.Time) error {
	header := &tar.Header{
		Name: entry.name, Typeflag: tar.TypeReg, Size: int64(len(entry.content)), Mode: 0o644,
		Uid: entry.owner, Gid: entry.owner, ModTime: at, Format: tar.FormatUSTAR,
	}
	if entry.executable {
		header.Mode = 0o755
	}
	if strings.HasSuffix(entry.name, "/") {
		header.Typeflag, header.Mode = tar.TypeDir, 0o755
		if entry.owner != 0 {
			header.Mode = 0o700
		}
	}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := archive.Write(entry.content)
	return err
}
