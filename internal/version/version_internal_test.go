// SPDX-License-Identifier: Apache-2.0

package version

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCollector_IsTheVersionOfItsModule(t *testing.T) {
	for name, test := range map[string]struct {
		built *debug.BuildInfo
		want  string
	}{
		"a distribution": {
			built: &debug.BuildInfo{Deps: []*debug.Module{
				{Path: "go.opentelemetry.io/collector/component", Version: "v1.67.0"},
				{Path: "go.opentelemetry.io/collector/otelcol", Version: "v0.161.0"},
			}},
			want: "v0.161.0",
		},
		"another program":       {built: &debug.BuildInfo{}, want: "unknown"},
		"built without modules": {want: "unknown"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, collector(test.built)) })
	}
}
