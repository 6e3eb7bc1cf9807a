// SPDX-License-Identifier: Apache-2.0

// Package simulator is a stand-in for the JumpCloud Directory Insights API: its documented
// contract as an http.Handler, with faults on demand and events that become visible late.
//
// It shares no code with the client of this project, so that an error in one can't hide in the
// other, and imports the standard library only.
package simulator
