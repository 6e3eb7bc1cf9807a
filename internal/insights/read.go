// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"bytes"
	"errors"
	"io"
)

const (
	firstChunk = 64 << 10
	lastChunk  = 4 << 20
)

// readAll reads up to limit bytes, and reports whether there were more. Memory grows with what
// comes, not with what is announced, and by chunks: a buffer that doubles would hold three
// times a large page.
func readAll(reader io.Reader, limit int64) (data []byte, more bool, err error) {
	var chunks [][]byte
	var total int64
	for size := int64(firstChunk); ; size = min(2*size, lastChunk) {
		chunk := make([]byte, min(size, limit+1-total))
		n, err := fill(reader, chunk)
		chunks = append(chunks, chunk[:n])
		total += int64(n)
		switch {
		case total > limit:
			return nil, true, nil
		case errors.Is(err, io.EOF):
			return bytes.Join(chunks, nil), false, nil
		case err != nil:
			return nil, false, err
		}
	}
}

// fill is io.ReadFull that leaves the reader's own error as it is: a body that ends early ends
// in io.ErrUnexpectedEOF, one that is complete in io.EOF.
func fill(reader io.Reader, chunk []byte) (n int, err error) {
	for n < len(chunk) && err == nil {
		var read int
		read, err = reader.Read(chunk[n:])
		n += read
	}
	return n, err
}
