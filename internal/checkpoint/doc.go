// SPDX-License-Identifier: Apache-2.0

// Package checkpoint keeps what one organization's engine must know after a restart: a small
// state record, and the ids of the events that were delivered, in segments.
//
// A commit writes the new ids as segments of their own, then the state record, then removes
// the segments that no re-read can reach any more, in this order and in one batch of the
// storage client. A reader that finds only a part of that has forgotten something, which
// costs duplicates; it never believes that something was delivered which was not. What a
// commit costs depends on what is new and not on what is remembered.
//
// Sixteen small segments become one with the next commit, which writes them over the first of the
// sixteen before it removes the others. Their ids are kept as long as the newest of them. So
// batches of one event leave few segments behind, and an id is written about three times.
//
// Only hashes of ids are stored: no event content, no key, no user name.
package checkpoint
