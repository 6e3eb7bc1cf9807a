// SPDX-License-Identifier: Apache-2.0

// Package insights is a client of the JumpCloud Directory Insights API.
//
// It knows paths, headers, paging tokens and errors, and nothing of OpenTelemetry: a caller
// asks for one page at a time with [Client.Open], reads it with [Answer.Page], and decides itself
// what to ask for next.
package insights
