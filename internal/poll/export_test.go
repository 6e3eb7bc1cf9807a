// SPDX-License-Identifier: Apache-2.0

package poll

// Identify is identify.
var Identify = identify
