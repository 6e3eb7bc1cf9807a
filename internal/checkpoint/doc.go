// SPDX-License-Identifier: Apache-2.0

// Package checkpoint keeps what one organization's engine must know after a restart: a small
// state record, and the ids of the events that were delivered.
//
// The ids are kept by the hour of their event's time, and an hour is forgotten as a whole. Where
// events are dated far ahead, several hours share a span, so that their number stays small.
//
// A commit writes one segment for each span that it adds to, then the state record, then removes
// what is forgotten, in one batch of the storage client. The record names all spans. A span that is
// new is named by the old record first, so that a batch that is torn leaves nothing that no record
// names. A reader that finds only a part of a batch has forgotten something, which costs duplicates.
// It never believes that something was delivered which was not.
//
// The last segment of a span is written again with what is new until it has segmentFull ids. So
// small batches leave few segments, and a commit costs what is new and not what is remembered.
//
// Only hashes of ids are stored: no event content, no key, no user name.
package checkpoint
