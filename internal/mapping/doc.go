// SPDX-License-Identifier: Apache-2.0

// Package mapping turns Directory Insights events into OpenTelemetry log records.
//
// Nothing of an event is lost: the body is its JSON as it was received. The attributes are
// there to be queried. A walk over the event's tokens fills them without a map in between:
// known fields go to keys of the semantic conventions or to curated jumpcloud.* keys (see
// fields.go), every other scalar to jumpcloud. and its path in snake case, within caps.
//
// The package is pure: it has no clock and writes no log.
package mapping
