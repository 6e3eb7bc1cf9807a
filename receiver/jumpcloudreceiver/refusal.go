// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
)

// refusedPart is what a consumer says it did not take, where it is one consumer that says so:
// of several, each speaks for itself only, and the whole batch is offered again.
func refusedPart(err error) (plog.Logs, bool) {
	for err != nil {
		switch branch := err.(type) { //nolint:errorlint // the tree itself is walked
		case consumererror.Logs:
			refused := plog.NewLogs()
			branch.Data().CopyTo(refused)
			return refused, refused.LogRecordCount() > 0
		case interface{ Unwrap() []error }:
			if parts := branch.Unwrap(); len(parts) == 1 {
				err = parts[0]
				continue
			}
			return plog.Logs{}, false
		case interface{ Unwrap() error }:
			err = branch.Unwrap()
		default:
			return plog.Logs{}, false
		}
	}
	return plog.Logs{}, false
}

// allPermanent says that every leaf of an error is permanent. consumererror.IsPermanent is
// satisfied by one of them, and would drop what another pipeline only refused for now.
func allPermanent(err error) bool {
	if !consumererror.IsPermanent(err) {
		return false
	}
	switch branch := err.(type) { //nolint:errorlint // the tree itself is walked
	case interface{ Unwrap() []error }:
		for _, part := range branch.Unwrap() {
			if !allPermanent(part) {
				return false
			}
		}
		return true
	case interface{ Unwrap() error }:
		// Where nothing below is marked permanent, this is the mark, for all below.
		inner := branch.Unwrap()
		return inner == nil || !consumererror.IsPermanent(inner) || allPermanent(inner)
	default:
		return true
	}
}
