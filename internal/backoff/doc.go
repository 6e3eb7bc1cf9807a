// SPDX-License-Identifier: Apache-2.0

// Package backoff is the one way to wait: how long after a failure, until when an API asks not to be
// asked, and the wait itself.
package backoff
