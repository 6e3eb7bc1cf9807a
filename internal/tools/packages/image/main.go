// SPDX-License-Identifier: Apache-2.0

// Command image writes the container image as an OCI layout: nothing but the collector, the certificates of public
// authorities, a configuration and an empty folder for the checkpoint. The same input gives the same bytes.
//
//	image -version 0.1.0 -commit 0123 -time 1700000000 -config config.yaml -output folder linux/amd64=path linux/arm64=path
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	user    = 10001
	source  = "https://github.com/otelcol-jumpcloud/otelcol-jumpcloud"
	program = "/otelcol-jumpcloud"
	config  = "/etc/otelcol-jumpcloud/config.yaml"
	state   = "/var/lib/otelcol-jumpcloud"
)

// release is what the images of all platforms have in common.
type release struct {
	version, commit string
	at              time.Time
	config          []byte
}

func main() {
	version := flag.String("version", "", "the version, for the labels")
	commit := flag.String("commit", "", "the commit, for the labels")
	seconds := flag.Int64("time", 0, "when the image was made, in seconds since 1970")
	configuration := flag.String("config", "", "the configuration's file")
	output := flag.String("output", "", "the folder of the layout, which must not exist")
	flag.Parse()
	content, err := os.ReadFile(*configuration)
	if err == nil {
		made := release{version: *version, commit: *commit, at: time.Unix(*seconds, 0).UTC(), config: content}
		err = run(made, *output, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// run writes the layout. binaries are os/architecture=path.
func run(made release, output string, binaries []string) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, binary := range binaries {
		platform, path, _ := strings.Cut(binary, "=")
		system, architecture, valid := strings.Cut(platform, "/")
		if !valid || path == "" {
			return fmt.Errorf("%q is not os/architecture=path", binary)
		}
		image, err := made.image(v1.Platform{OS: system, Architecture: architecture}, path)
		if err != nil {
			return fmt.Errorf("making the image of %s: %w", platform, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: system, Architecture: architecture}},
		})
	}
	annotated, ok := mutate.Annotations(index, made.labels()).(v1.ImageIndex)
	if !ok {
		return fmt.Errorf("annotating gave a %T", annotated)
	}
	folder, err := layout.Write(output, empty.Index)
	if err != nil {
		return fmt.Errorf("making the layout: %w", err)
	}
	name := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": made.version})
	if err := folder.AppendIndex(annotated, name); err != nil {
		return fmt.Errorf("writing the layout: %w", err)
	}
	return nil
}

func (r release) image(platform v1.Platform, binary string) (v1.Image, error) {
	content, err := os.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("reading the collector: %w", err)
	}
	image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	// The collector is the last layer: what changes least comes first.
	for _, files := range [][]file{
		{{name: "etc/ssl/certs/ca-certificates.crt", content: authorities()}},
		{{name: config[1:], content: r.config}, {name: state[1:] + "/", owner: user}},
		{{name: program[1:], content: content, executable: true}},
	} {
		layer, err := layerOf(files, r.at)
		if err != nil {
			return nil, err
		}
		added := mutate.Addendum{Layer: layer, MediaType: types.OCILayer, History: v1.History{
			Created: v1.Time{Time: r.at}, CreatedBy: "image " + files[0].name,
		}}
		if image, err = mutate.Append(image, added); err != nil {
			return nil, fmt.Errorf("adding %s: %w", files[0].name, err)
		}
	}
	return r.configured(image, platform)
}

func (r release) configured(image v1.Image, platform v1.Platform) (v1.Image, error) {
	described, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading the image's configuration: %w", err)
	}
	described = described.DeepCopy()
	described.OS, described.Architecture = platform.OS, platform.Architecture
	described.Created = v1.Time{Time: r.at}
	described.Config = v1.Config{
		User:       fmt.Sprintf("%d:%d", user, user),
		Entrypoint: []string{program},
		Cmd:        []string{"--config", config},
		Env:        []string{"STATE_DIRECTORY=" + state},
		Volumes:    map[string]struct{}{state: {}},
		Labels:     r.labels(),
	}
	return mutate.ConfigFile(image, described)
}

func (r release) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":         "otelcol-jumpcloud",
		"org.opencontainers.image.description":   "OpenTelemetry Collector for JumpCloud Directory Insights",
		"org.opencontainers.image.version":       r.version,
		"org.opencontainers.image.revision":      r.commit,
		"org.opencontainers.image.created":       r.at.Format(time.RFC3339),
		"org.opencontainers.image.source":        source,
		"org.opencontainers.image.documentation": source + "/blob/main/docs/install.md",
		"org.opencontainers.image.licenses":      "Apache-2.0",
	}
}
