// SPDX-License-Identifier: Apache-2.0

package poll

import "sync/atomic"

// Budget bounds how many ids the engines that share it remember for their audits. It is safe for concurrent
// use.
type Budget struct {
	ids  int64
	used atomic.Int64
}

// NewBudget returns a budget of so many ids.
func NewBudget(ids int) *Budget { return &Budget{ids: int64(ids)} }

// change notes that an engine remembers more ids, or fewer.
func (b *Budget) change(by int) {
	if b != nil {
		b.used.Add(int64(by))
	}
}

func (b *Budget) exceeded() bool { return b != nil && b.used.Load() > b.ids }

// roomy reports whether there is room for some hours more.
func (b *Budget) roomy() bool { return b == nil || b.used.Load() < b.ids/2 }
