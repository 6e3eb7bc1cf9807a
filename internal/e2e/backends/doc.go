// SPDX-License-Identifier: Apache-2.0

// Package backends has tests that run the built distribution in front of real backends. It has a
// module of its own: what the backends need is nothing that the receiver should need.
package backends
