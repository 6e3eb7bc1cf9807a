// SPDX-License-Identifier: Apache-2.0

package insights

import "context"

// Events asks for one page and reads it, for tests. The errors are those of Open and Page.
func (c *Client) Events(ctx context.Context, query Query) (*Page, error) {
	answer, err := c.Open(ctx, query)
	if err != nil {
		return nil, err
	}
	return answer.Page()
}
