// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// errReset is what a client sees of a connection that breaks.
var errReset = errors.New("connection reset by peer")

// inProcess serves each request in a goroutine and streams its body, as a connection would.
type inProcess struct {
	handler http.Handler
}

// RoundTrip implements http.RoundTripper. Like net/http's transport it asks for gzip by itself,
// and inflates what it asked for.
func (t *inProcess) RoundTrip(request *http.Request) (*http.Response, error) {
	served := request.Clone(request.Context())
	inflate := request.Header.Get("Accept-Encoding") == ""
	if inflate {
		served.Header.Set("Accept-Encoding", "gzip")
	}
	if served.Body == nil {
		served.Body = http.NoBody
	}
	reader, writer := io.Pipe()
	answer := &pipeWriter{header: make(http.Header), body: writer, begun: make(chan struct{})}
	go t.serve(answer, served)
	select {
	case <-answer.begun:
	case <-request.Context().Done():
		_ = reader.CloseWithError(request.Context().Err())
		return nil, request.Context().Err()
	}
	if answer.broken != nil {
		return nil, answer.broken
	}
	response := &http.Response{
		Status:     http.StatusText(answer.status),
		StatusCode: answer.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        canonical(answer.sent),
		Body:          &pipeBody{PipeReader: reader, request: request},
		ContentLength: -1,
		Request:       request,
	}
	if inflate && response.Header.Get("Content-Encoding") == "gzip" {
		response.Header.Del("Content-Encoding")
		response.Body = &inflatedBody{compressed: response.Body}
		response.Uncompressed = true
	}
	return response, nil
}

// serve ends the body the way the handler ended.
func (t *inProcess) serve(answer *pipeWriter, request *http.Request) {
	defer func() {
		var err error
		if cause := recover(); cause != nil {
			err = errReset
		} else if answer.short() {
			err = io.ErrUnexpectedEOF
		}
		answer.end(err)
	}()
	t.handler.ServeHTTP(answer, request)
}

func canonical(header http.Header) http.Header {
	result := make(http.Header, len(header))
	for name, values := range header {
		for _, value := range values {
			result.Add(name, value)
		}
	}
	return result
}

// pipeWriter is the handler's side of an answer.
type pipeWriter struct {
	header http.Header
	body   *io.PipeWriter

	once    sync.Once
	begun   chan struct{}
	sent    http.Header
	status  int
	written int64
	broken  error
}

// Header implements http.ResponseWriter.
func (w *pipeWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	})
}

// Write implements http.ResponseWriter.
func (w *pipeWriter) Write(data []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	n, err := w.body.Write(data)
	w.written += int64(n)
	return n, err
}

func (w *pipeWriter) short() bool {
	announced, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64)
	return err == nil && w.written < announced
}

func (w *pipeWriter) end(err error) {
	w.once.Do(func() {
		if w.status = http.StatusOK; err != nil {
			w.broken = err
		}
		close(w.begun)
	})
	_ = w.body.CloseWithError(err)
}

// pipeBody is the client's side: it ends with the request's context.
type pipeBody struct {
	*io.PipeReader
	request *http.Request
	stop    func() bool
	once    sync.Once
}

// Read implements io.Reader.
func (b *pipeBody) Read(p []byte) (int, error) {
	b.once.Do(func() {
		b.stop = context.AfterFunc(b.request.Context(), func() { _ = b.PipeReader.CloseWithError(b.request.Context().Err()) })
	})
	n, err := b.PipeReader.Read(p)
	if err != nil && b.request.Context().Err() != nil {
		err = b.request.Context().Err()
	}
	return n, err
}

// Close implements io.Closer.
func (b *pipeBody) Close() error {
	if b.stop != nil {
		b.stop()
	}
	return b.PipeReader.Close()
}

// inflatedBody inflates what is read.
type inflatedBody struct {
	compressed io.ReadCloser
	reader     *gzip.Reader
}

// Read implements io.Reader.
func (b *inflatedBody) Read(p []byte) (int, error) {
	if b.reader == nil {
		reader, err := gzip.NewReader(b.compressed)
		if err != nil {
			return 0, fmt.Errorf("inflating: %w", err)
		}
		b.reader = reader
	}
	return b.reader.Read(p)
}

// Close implements io.Closer.
func (b *inflatedBody) Close() error { return b.compressed.Close() }
