// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"errors"
	"io"
	"net/http"
)

// chunkSize is how much of a page is read at once. Chunks of one size leave no gaps in the
// heap, which a page in one piece would; larger ones are no faster.
const chunkSize = 64 << 10

// readAll returns up to limit bytes, and reports whether there were more.
func readAll(reader io.Reader, limit int64) (data []byte, more bool, err error) {
	data, err = io.ReadAll(io.LimitReader(reader, limit+1))
	if int64(len(data)) > limit {
		return data[:limit], true, nil
	}
	return data, false, err
}

// pageBody decodes the body of a page while it is read. Memory grows with what comes, not with
// what is announced.
type pageBody struct {
	reader io.Reader
	// left is how many bytes may be read, and one more to see that there are more.
	left int64
	size int
	// err is what the body ended with; nil while it has not.
	err error
}

// next returns a chunk that begins with a copy of what is left of the one before, or reports
// false where nothing follows.
func (p *pageBody) next(rest []byte) (chunk []byte, found bool) {
	if p.err != nil || p.left == 0 {
		return nil, false
	}
	// Twice the rest, or an event of many chunks would be read again with each of them.
	room := min(p.left, int64(max(chunkSize-len(rest), len(rest))))
	chunk = make([]byte, len(rest)+int(room))
	copy(chunk, rest)
	n, err := fill(p.reader, chunk[len(rest):])
	p.err = err
	p.left -= int64(n)
	p.size += n
	return chunk[:len(rest)+n], n > 0
}

// end reads what the decoder left, and reports whether there was more than may be read. An
// error is the reader's.
func (p *pageBody) end() (more bool, err error) {
	if p.err == nil {
		var n int64
		n, p.err = io.CopyN(io.Discard, p.reader, p.left)
		p.left -= n
		p.size += int(n)
	}
	if p.left > 0 && !errors.Is(p.err, io.EOF) {
		err = p.err
	}
	return p.left == 0, err
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

// decodedPage is what a body was decoded to.
type decodedPage struct {
	events []Event
	// reason is why the body is no page, or "".
	reason string
	size   int
}

// decodeBody decodes the body of an answer with at most so many events and bytes, and reports
// whether there are more bytes. The error is that of reading.
func decodeBody(response *http.Response, events int, size int64) (page decodedPage, more bool, err error) {
	body := pageBody{reader: response.Body, left: size + 1}
	s := splitter{next: body.next}
	count, counted := intHeader(response.Header, "X-Result-Count")
	if !counted {
		count = 0
	}
	page.events, page.reason = s.split(events, count)
	switch {
	case page.reason == reasonNoArray && counted && count == 0 && s.null():
		page.reason = ""
	case page.reason == "" && counted && count != len(page.events):
		page.reason = reasonCount
	}
	more, err = body.end()
	page.size = body.size
	return page, more, err
}
