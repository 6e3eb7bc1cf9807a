// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"encoding/json"
	"net/http"
)

// maxToken is the length in bytes up to which a paging token is accepted.
const maxToken = 4 << 10

// pagingToken returns the value of X-Search_after as it came, or nil where it can't be one: a
// token is a JSON array, of which nothing else is relied on.
func pagingToken(header http.Header) json.RawMessage {
	value := header.Get("X-Search_after")
	if len(value) == 0 || len(value) > maxToken {
		return nil
	}
	token := json.RawMessage(value)
	var elements []json.RawMessage
	if err := json.Unmarshal(token, &elements); err != nil || len(elements) == 0 {
		return nil
	}
	return token
}
