// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Status answers with a status, a message and pairs of header names and values.
func Status(code int, message string, headers ...string) Effect {
	return Effect{Alter: func(a *Answer) {
		a.Status = code
		a.Body = fmt.Appendf(nil, `{"message":%q}`, message)
		clearPaging(a)
		setHeaders(a, headers)
	}}
}

// Redirect answers with a redirect to another place.
func Redirect(code int, location string) Effect {
	return Status(code, "moved", "Location", location)
}

// Body answers with a body of its own and the headers as they are.
func Body(body string) Effect {
	return Effect{Alter: func(a *Answer) { a.Body = []byte(body) }}
}

// HTML answers as a proxy with a login page does.
func HTML() Effect {
	return Effect{Alter: func(a *Answer) {
		a.Body = []byte("<!DOCTYPE html><html><body>Please log in</body></html>")
		clearPaging(a)
		a.Header.Set("Content-Type", "text/html")
	}}
}

// Headers sets pairs of header names, as they are spelt, and values. A value "" removes one.
func Headers(pairs ...string) Effect {
	return Effect{Alter: func(a *Answer) { setHeaders(a, pairs) }}
}

// NoHeaders removes every header of paging, and the date.
func NoHeaders() Effect {
	return Effect{Alter: func(a *Answer) {
		clearPaging(a)
		a.Header["Date"] = nil
	}}
}

// DateSkew moves the answer's date.
func DateSkew(skew time.Duration) Effect {
	return Effect{Alter: func(a *Answer) {
		if at, err := http.ParseTime(a.Header.Get("Date")); err == nil {
			a.Header.Set("Date", at.Add(skew).UTC().Format(http.TimeFormat))
		}
	}}
}

// ClampLimit makes the API apply a smaller limit than asked for.
func ClampLimit(limit int) Effect {
	return Effect{Query: func(q *Query) { q.Limit = min(q.Limit, limit) }}
}

// EchoKey refuses and repeats the request's API key in the answer.
func EchoKey() Effect {
	return Effect{Instead: func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		//nolint:gosec // to answer with what was sent is the fault
		_, _ = fmt.Fprintf(w, `{"message":"key %s of admin@example.com is not allowed"}`, r.Header.Get("X-Api-Key"))
	}}
}

// Reset breaks the connection before an answer.
func Reset() Effect {
	return Effect{Instead: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }}
}

// resetAfter leaves the time to read what was sent before a reset.
const resetAfter = 10 * time.Millisecond

// ResetMidBody breaks the connection after half of the body.
func ResetMidBody() Effect {
	return Effect{Send: func(w http.ResponseWriter, _ *http.Request, a *Answer) {
		writeHead(w, a)
		_, _ = w.Write(a.Body[:len(a.Body)/2])
		_ = http.NewResponseController(w).Flush()
		time.Sleep(resetAfter)
		panic(http.ErrAbortHandler)
	}}
}

// Truncate ends the body early, as if it were complete.
func Truncate(keep int) Effect {
	return Effect{Alter: func(a *Answer) { a.Body = a.Body[:min(keep, len(a.Body))] }}
}

// ShortBody announces more than it sends.
func ShortBody() Effect {
	return Effect{Send: func(w http.ResponseWriter, _ *http.Request, a *Answer) {
		a.Header.Set("Content-Length", strconv.Itoa(len(a.Body)))
		writeHead(w, a)
		_, _ = w.Write(a.Body[:len(a.Body)/2])
	}}
}

// Hang accepts the request and never answers.
func Hang() Effect {
	return Effect{Instead: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
}

// SlowBody sends one byte each interval.
func SlowBody(interval time.Duration) Effect {
	return Effect{Send: func(w http.ResponseWriter, r *http.Request, a *Answer) {
		writeHead(w, a)
		for i := range a.Body {
			if _, err := w.Write(a.Body[i : i+1]); err != nil {
				return
			}
			if flusher, ok := w.(http.Flusher); ok {
				flusher.Flush()
			}
			if !wait(r, interval) {
				return
			}
		}
	}}
}

// CorruptGzip sends what claims to be gzip and is not.
func CorruptGzip() Effect {
	return Effect{Send: func(w http.ResponseWriter, _ *http.Request, a *Answer) {
		a.Header.Set("Content-Encoding", "gzip")
		writeHead(w, a)
		_, _ = w.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 0xde, 0xad, 0xbe, 0xef})
	}}
}

// GzipBomb sends an array of that many inflated bytes, which are made as they are sent.
func GzipBomb(size int64) Effect {
	return Effect{Send: func(w http.ResponseWriter, _ *http.Request, a *Answer) {
		a.Header.Set("Content-Encoding", "gzip")
		writeHead(w, a)
		compressor := gzip.NewWriter(w)
		if _, err := io.WriteString(compressor, "["); err != nil {
			return
		}
		if _, err := io.Copy(compressor, io.LimitReader(spaces{}, size)); err != nil {
			return
		}
		_ = compressor.Close()
	}}
}

// spaces reads as white space without end.
type spaces struct{}

// Read implements io.Reader.
func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func clearPaging(a *Answer) {
	for _, name := range []string{"X-Result-Count", "X-Limit", "X-Sort", "X-Search_after"} {
		delete(a.Header, name)
	}
}

func setHeaders(a *Answer, pairs []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		delete(a.Header, http.CanonicalHeaderKey(pairs[i]))
		if pairs[i+1] != "" {
			a.Header[pairs[i]] = []string{pairs[i+1]}
		} else {
			a.Header[http.CanonicalHeaderKey(pairs[i])] = nil
		}
	}
}
