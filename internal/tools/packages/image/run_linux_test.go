// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// container becomes what an engine would start: $1 is the image's root, read-only but for the state, and $2 its user.
const container = `set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount --bind "$3" "$1/var/lib/otelcol-jumpcloud"
mount --bind "$4" "$1/etc/otelcol-jumpcloud"
user=$2 root=$1
shift 4
exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid chroot --userspec="$user" "$root" "$@"`

// printed is what a process printed.
type printed struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (p *printed) Write(data []byte) (int, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.text.Write(data)
}

func (p *printed) String() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.text.String()
}

func TestImage_OfTheReleaseRunsWithAReadOnlyRoot(t *testing.T) {
	packages := os.Getenv("PACKAGES")
	if packages == "" || os.Getuid() != 0 {
		t.Skip("PACKAGES is not set, or this is not root, who may mount")
	}
	image := ours(t, indexOf(t, filepath.Join(packages, "image")))
	described, err := image.ConfigFile()
	require.NoError(t, err)
	folder, state, settings := t.TempDir(), t.TempDir(), t.TempDir()
	require.NoError(t, os.Chmod(folder, 0o755))
	unpack(t, filesOf(t, image), folder)
	configuration, err := os.ReadFile(filepath.Join(folder, config))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(settings, "config.yaml"), configuration, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(settings, "api_key"), []byte("a-key\n"), 0o644))
	require.NoError(t, os.Chmod(settings, 0o755))
	require.NoError(t, os.Chown(state, user, user))

	arguments := []string{"--mount", "sh", "-c", container, "sh", folder, described.Config.User, state, settings}
	arguments = append(append(arguments, described.Config.Entrypoint...), described.Config.Cmd...)
	arguments = append(arguments, "--set", "service::telemetry::metrics::level=none")
	command := exec.Command("unshare", arguments...)
	command.Env = append(described.Config.Env, "PATH="+os.Getenv("PATH"), "HTTPS_PROXY=http://127.0.0.1:9") // nothing leaves this host
	var output printed
	command.Stdout, command.Stderr = &output, &output
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	ready := func() bool { return strings.Contains(output.String(), "Everything is ready") }
	if !assert.Eventually(t, ready, time.Minute, 100*time.Millisecond) {
		t.Fatal(output.String())
	}
	kept, err := os.ReadDir(state)
	require.NoError(t, err)
	require.NotEmpty(t, kept)
	info, err := kept[0].Info()
	require.NoError(t, err)
	owner, ok := info.Sys().(*syscall.Stat_t)
	require.True(t, ok)
	assert.EqualValues(t, user, owner.Uid)
}

// ours is the image that this machine can run.
func ours(t *testing.T, index v1.ImageIndex) v1.Image {
	t.Helper()
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	for _, described := range manifest.Manifests {
		if described.Platform.Architecture == runtime.GOARCH {
			image, err := index.Image(described.Digest)
			require.NoError(t, err)
			return image
		}
	}
	t.Skip("there is no image for " + runtime.GOARCH)
	return nil
}

func unpack(t *testing.T, files map[string]unpacked, folder string) {
	t.Helper()
	for name, file := range files {
		path := filepath.Join(folder, name)
		if file.Typeflag == tar.TypeDir {
			require.NoError(t, os.MkdirAll(path, 0o755))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(file.content), 0o600))
		require.NoError(t, os.Chmod(path, os.FileMode(file.Mode)))
	}
}
