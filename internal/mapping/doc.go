// SPDX-License-Identifier: Apache-2.0

// Package mapping turns Directory Insights events into OpenTelemetry log records.
//
// Nothing of an event is lost: the body is its JSON as it was received. The attributes are
// there to be queried. One walk over the event's tokens collects them, without a map in
// between, and one write puts them into the record: known fields under keys of the semantic
// conventions or curated jumpcloud.* keys, every other scalar under jumpcloud. and its path in
// snake case, within caps.
//
// What is known of fields is in two tables, commonFields and serviceFields. A field is one
// line in one of them.
//
// The package is pure: it has no clock and writes no log.
package mapping
