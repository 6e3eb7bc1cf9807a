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
	extension, err := findExtension(host, "storage", *id)
	if err != nil {
		return nil, err
	}
	provider, ok := extension.(storage.Extension)
	if !ok {
		return nil, fmt.Errorf("storage is %q, which is no storage extension: use one such as file_storage", id)
	}
	var client storage.Client
	err = withoutPanic(func() (err error) {
		client, err = provider.GetClient(ctx, component.KindReceiver, receiver, "")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("opening storage %q (does another process use it, may this one write there, is its file damaged? see %s): %w", id, runbook, err)
	}
	return client, nil
}

// runbook says what to do about a storage that can't be used.
const runbook = `"Storage" in docs/reliability.md`

// withoutPanic makes an error of a panic while the storage is opened and first read: bbolt, beneath
// file_storage, panics where its file is damaged. It does so on goroutines of its own as well, which
// no caller can prevent; the line that Start logs first is the hint then.
func withoutPanic(read func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the storage is damaged, move its file away as %s says: %v", runbook, cause)
		}
	}()
	return read()
}
