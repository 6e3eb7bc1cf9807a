// SPDX-License-Identifier: Apache-2.0

// Package poll is the engine that reads the events of one organization and loses none.
//
// It is one loop in one goroutine: page, the events not delivered before, a batch to the
// consumer, the batch's ids to the checkpoint, next page. Only the request for the next page is
// sent ahead, as soon as the headers of a full page bring the token for it. Its answer waits,
// unread, until the page before it is settled, so that everything stays in order.
//
// # Lanes
//
// Tail, rescan, history, its proof and the audit are lanes: each has a pass under way, a page size, waits and failures of
// its own. The loop takes one page of the lane that is due, the tail's first. A pass asks for
// everything from a start on, oldest first, drops what the checkpoint has seen and delivers the
// rest. The API's time at its first page is the pass's asOf. A tail starts at the watermark w. A
// rescan starts five minutes before r - L, where r is the asOf of the last complete rescan and L the
// maximum event delay. It asks for ids and timestamps until it meets an event that was not delivered,
// and a restart goes on where it was. A slice of history has an end. The audit reads an hour again where the
// API counts more events than were delivered, and moves neither w nor r. So does the proof, of what history has
// read, which waits for it.
//
// An event's way is: lanes.go (whose page), ahead.go (the page), settlement.go (what is new),
// batch.go (the consumer), keeper.go (the checkpoint), read.go (what follows). A failure's way is:
// failure.go (its kind), handle.go (another way to ask, or a wait), attempt.go (the wait). What is
// known of time is frontier.go and clock.go.
//
// # Why nothing is lost
//
// Take an event with timestamp t since the first start that becomes visible at v <= t + L.
//
//  1. What is stored is true when it is stored and stays true: an id only after its batch was
//     accepted, w, r and a rescan's position only after every earlier page was accepted. An older
//     state forgets something, which costs duplicates and never a gap.
//  2. Let k be the first complete rescan that was asked for at or after v. The one before it was asked for
//     before v, and a date is five minutes ahead at most, so r < v + 5 min. Hence r - L - 5 min < t, and k
//     starts no later than that: the event is on its pages. Tails bring it sooner.
//  3. It is delivered unless its id was seen, that is, unless it was delivered. A light page passes
//     over what was seen only.
//
// Without a fault nothing is delivered twice. Each crash, and each consumer call that took
// the data and yet failed, costs one batch at the most.
package poll
