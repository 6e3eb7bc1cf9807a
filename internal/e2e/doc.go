// SPDX-License-Identifier: Apache-2.0

// Package e2e has tests that run the built distribution against the simulated API and a
// backend that takes OTLP over HTTP.
package e2e
