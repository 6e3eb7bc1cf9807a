// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"bytes"
	"compress/gzip"
	"maps"
	"net/http"
	"strings"
	"time"
)

// pieces of a body are sent one by one where it takes time.
const pieces = 10

// send is the ordinary way of an answer.
func (s *Simulator) send(w http.ResponseWriter, r *http.Request, a *Answer) {
	if s.settings.BodyTime > 0 {
		w = &slowWriter{ResponseWriter: w, request: r, pause: s.settings.BodyTime / pieces}
	}
	if !s.settings.Gzip || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		writeHead(w, a)
		_, _ = w.Write(a.Body)
		return
	}
	a.Header.Set("Content-Encoding", "gzip")
	writeHead(w, a)
	var compressed bytes.Buffer
	compressor := gzip.NewWriter(&compressed)
	_, _ = compressor.Write(a.Body)
	_ = compressor.Close()
	_, _ = w.Write(compressed.Bytes())
}

// slowWriter sends what is written in pieces, with a pause before each of them.
type slowWriter struct {
	http.ResponseWriter
	request *http.Request
	pause   time.Duration
}

// Write implements http.ResponseWriter.
func (w *slowWriter) Write(data []byte) (written int, err error) {
	for i := range pieces {
		if flusher, ok := w.ResponseWriter.(http.Flusher); ok {
			flusher.Flush()
		}
		if !wait(w.request, w.pause) {
			return written, w.request.Context().Err()
		}
		n, err := w.ResponseWriter.Write(data[len(data)*i/pieces : len(data)*(i+1)/pieces])
		if written += n; err != nil {
			return written, err
		}
	}
	return written, nil
}

func writeHead(w http.ResponseWriter, a *Answer) {
	maps.Copy(w.Header(), a.Header)
	w.WriteHeader(a.Status)
}

// wait reports false where the request ended first.
func wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-timer.C:
		return true
	}
}
