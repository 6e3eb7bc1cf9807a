// SPDX-License-Identifier: Apache-2.0

package poll

const (
	// maxPageSize is the API's documented limit.
	maxPageSize = 10_000
	// raiseAfter good pages the page size is doubled again.
	raiseAfter = 10
)

// pageSize adapts the size of a lane's pages to what the API can answer.
type pageSize struct {
	limit, configured, good int
}

func newPageSize(configured int) pageSize {
	return pageSize{limit: configured, configured: configured}
}

// succeeded counts a good page.
func (s *pageSize) succeeded() {
	if s.good++; s.good >= raiseAfter {
		s.good = 0
		s.limit = min(s.limit*2, max(s.limit, s.configured))
	}
}

// halve takes the size of the page that failed. It reports false where that is 1 already.
func (s *pageSize) halve(failed int) bool {
	s.good, s.limit = 0, min(s.limit, failed)
	if s.limit == 1 {
		return false
	}
	s.limit /= 2
	return true
}

// raise asks for the largest page that the API answers, and reports false where it was asked
// for already.
func (s *pageSize) raise() bool {
	if s.limit == maxPageSize {
		return false
	}
	s.limit = maxPageSize
	return true
}

// restore ends what raise began.
func (s *pageSize) restore() {
	s.limit = min(s.limit, s.configured)
}
