// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"compress/gzip"
	"maps"
	"net/http"
	"strings"
	"time"
)

// send is the ordinary way of an answer.
func (s *Simulator) send(w http.ResponseWriter, r *http.Request, a *Answer) {
	if !s.settings.Gzip || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		writeHead(w, a)
		_, _ = w.Write(a.Body)
		return
	}
	a.Header.Set("Content-Encoding", "gzip")
	writeHead(w, a)
	compressor := gzip.NewWriter(w)
	_, _ = compressor.Write(a.Body)
	_ = compressor.Close()
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
