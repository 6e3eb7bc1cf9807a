// SPDX-License-Identifier: Apache-2.0

// Package version tells which build of the distribution is running.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// commit is set by the linker, see the Makefile.
var commit = "unknown"

// Template is what --version prints, as a template of cobra, which knows the distribution's name and version.
func Template() string {
	built, _ := debug.ReadBuildInfo()
	return fmt.Sprintf("{{.Name}} version {{.Version}}\ncommit %s\ncollector %s\n%s %s/%s\n",
		commit, collector(built), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// collector is the version of the collector's modules in a binary.
func collector(built *debug.BuildInfo) string {
	if built != nil {
		for _, module := range built.Deps {
			if module.Path == "go.opentelemetry.io/collector/otelcol" {
				return module.Version
			}
		}
	}
	return "unknown"
}
