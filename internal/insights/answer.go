// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"context"
	"net/http"
	"strconv"
	"strings"
)

// Answer is an answer of POST /events whose headers are there and whose body is not read yet. It
// holds a connection, and the client's timeout goes on, until Page or Close is called.
type Answer struct {
	Head

	answer *answer
	// asked is the limit that was asked for, count the number of events that the headers tell.
	asked, count int
	counted      bool
}

// Open asks for one page and waits for its headers. The error is ErrInvalidQuery, a *StatusError, a
// *ResponseError or a *TransportError.
func (c *Client) Open(ctx context.Context, query Query) (*Answer, error) {
	request, err := query.page()
	if err != nil {
		return nil, err
	}
	answer, err := c.post(ctx, eventsPath, request)
	if err != nil {
		return nil, err
	}
	header := answer.response.Header
	limit, limited := intHeader(header, "X-Limit")
	if limit < 1 || limit > query.Limit {
		limit = query.Limit
	}
	count, counted := intHeader(header, "X-Result-Count")
	return &Answer{
		Head: Head{
			Limit:          limit,
			Token:          pagingToken(header),
			HeadersMissing: !limited,
			Clock:          answer.clock,
			RequestID:      answer.requestID,
		},
		answer: answer, asked: query.Limit, count: count, counted: counted,
	}, nil
}

// Continued says that, by its headers, the page is full and can be continued. What the page holds may
// say otherwise.
func (a *Answer) Continued() bool {
	return a.Token != nil && a.counted && a.count >= a.Limit
}

// Page reads the body to its end and closes it. A page is complete or an error: a *ResponseError, a
// *TooLargeError or a *TransportError.
func (a *Answer) Page() (*Page, error) {
	defer a.Close()
	decoded, more, err := decodeBody(a.answer.response, a.asked, a.answer.client.maxSize)
	if err := a.answer.unread(more, err); err != nil {
		return nil, err
	}
	if decoded.reason != "" {
		return nil, a.answer.failed(decoded.reason)
	}
	return &Page{Head: a.Head, Events: decoded.events, Size: decoded.size}, nil
}

// Close gives an answer up whose page is not needed. It does nothing after Page.
func (a *Answer) Close() { a.answer.close() }

// answer is a response of status 200 whose headers are there.
type answer struct {
	client    *Client
	response  *http.Response
	clock     ServerClock
	requestID string
}

func (a *answer) failed(reason string) error {
	return &ResponseError{Reason: reason, Malformed: reason == reasonMalformed, RequestID: a.requestID, Clock: a.clock}
}

// read returns the inflated body.
func (a *answer) read() ([]byte, error) {
	defer a.close()
	data, more, err := readAll(a.response.Body, a.client.maxSize)
	return data, a.unread(more, err)
}

// unread is the error of a body that has more bytes than may be read, or that broke off with err.
func (a *answer) unread(more bool, err error) error {
	switch {
	case more:
		return &TooLargeError{Limit: a.client.maxSize, RequestID: a.requestID, Clock: a.clock}
	case err != nil:
		return a.client.transportError("reading the answer: ", err, a.clock)
	default:
		return nil
	}
}

func (a *answer) close() { _ = a.response.Body.Close() }

// intHeader reports false where the header is missing or no number.
func intHeader(header http.Header, name string) (value int, found bool) {
	value, err := strconv.Atoi(strings.TrimSpace(header.Get(name)))
	return value, err == nil && value >= 0
}
