// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/component"
)

// findExtension returns the extension that a key names. Only those that the service starts are there.
func findExtension(host component.Host, key string, id component.ID) (component.Component, error) {
	started := host.GetExtensions()
	if extension, found := started[id]; found {
		return extension, nil
	}
	names := make([]string, 0, len(started))
	for other := range maps.Keys(started) {
		names = append(names, other.String())
	}
	slices.Sort(names)
	hint := ""
	if near := nearest(id.String(), names); near != "" {
		hint = fmt.Sprintf(", or did you mean %q?", near)
	}
	return nil, fmt.Errorf("%s is %q, and the service starts no such extension: define it under extensions and list it under service::extensions%s", key, id, hint)
}
