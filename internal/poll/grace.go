// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"time"
)

const (
	// DeliverGrace is how long a call to the consumer may go on after a stop.
	DeliverGrace = 5 * time.Second
	// CommitGrace is how long the batch that was delivered then may take to be remembered.
	CommitGrace = 4 * time.Second
)

// WithGrace returns a context that is done not with ctx but one grace later, so that a call
// under way can end cleanly. The caller must call cancel.
func WithGrace(ctx context.Context, grace time.Duration) (graceful context.Context, cancel context.CancelFunc) {
	graceful, cancelGraceful := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancelGraceful()
		case <-graceful.Done():
		}
	})
	return graceful, func() {
		stop()
		cancelGraceful()
	}
}
