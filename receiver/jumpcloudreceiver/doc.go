// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml

// Package jumpcloudreceiver is a logs receiver for JumpCloud Directory Insights: it polls the
// API and delivers every event once, as a log record.
package jumpcloudreceiver
