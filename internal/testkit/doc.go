// SPDX-License-Identifier: Apache-2.0

// Package testkit has a backend for tests: it takes OTLP over HTTP and refuses what the rules of
// a real one refuse, each rule as that backend documents it. Tests only may import it.
package testkit
