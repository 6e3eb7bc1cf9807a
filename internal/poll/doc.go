// SPDX-License-Identifier: Apache-2.0

// Package poll is the engine that reads the events of one organization and loses none.
//
// It is one loop in one goroutine: page, the events not delivered before, a batch to the
// consumer, the batch's ids to the checkpoint, next page. Only the request for the next page is
// sent ahead, as soon as the headers of a full page bring the token for it; its answer waits,
// unread, until the page before it is settled, so that everything stays in order.
//
// # Passes
//
// A pass asks for everything from a start on, oldest first, page by page, drops what the
// checkpoint has seen and delivers the rest. The API's time at its first page is the pass's
// asOf. A tail starts at the watermark w and runs every poll interval. A rescan starts at
// r - L, where r is the asOf of the last complete rescan and L the maximum event delay, and
// runs every rescan interval instead of a tail. A backfill slice has an end and runs, a page
// at a time, while no other pass is due, and gets one page between two passes that leave it no time.
//
// # Why nothing is lost
//
// Take an event with timestamp t since the first start that becomes visible at v <= t + L.
//
//  1. What is stored is true when it is stored and stays true: an id only after its batch was
//     accepted, w and r only after every earlier page was accepted. An older state forgets
//     something, which costs duplicates and never a gap.
//  2. Let k be the first pass that begins at or after v. Where its start is not after t, the
//     event is on its pages. Else t < w, and the next rescan starts at r - L with
//     r < v <= t + L, so r - L < t: the event is on the pages of that one.
//  3. It is delivered unless its id was seen, that is, unless it was delivered.
//
// Without a fault nothing is delivered twice; each crash, and each consumer call that took
// the data and yet failed, costs one batch at the most.
package poll
