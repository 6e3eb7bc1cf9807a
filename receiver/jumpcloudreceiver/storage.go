// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// openStorage returns the client of the configured storage extension, or one that forgets
// everything where none is configured.
func openStorage(ctx context.Context, host component.Host, id *component.ID, receiver component.ID) (storage.Client, error) {
	if id == nil {
		return storage.NewNopClient(), nil
	}
	extension, found := host.GetExtensions()[*id]
	if !found {
		return nil, fmt.Errorf("storage %q is not there: list it under service::extensions", id)
	}
	provider, ok := extension.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("storage %q is no storage extension: use one such as file_storage", id)
	}
	client, err := provider.GetClient(ctx, component.KindReceiver, receiver, "")
	if err != nil {
		return nil, fmt.Errorf("opening storage %q (does another process use it, and may this one write there?): %w", id, err)
	}
	return client, nil
}
