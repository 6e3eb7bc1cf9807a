// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"time"
)

// Grace is how long a call to the consumer or the storage may go on after a stop.
const Grace = 5 * time.Second

// WithGrace returns a context that is done not with ctx but one Grace later, so that a call
// under way can end cleanly. The caller must call cancel.
func WithGrace(ctx context.Context) (graceful context.Context, cancel context.CancelFunc) {
	graceful, cancelGraceful := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(Grace)
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
