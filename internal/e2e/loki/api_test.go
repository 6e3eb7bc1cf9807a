// SPDX-License-Identifier: Apache-2.0

package loki_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// api serves events as JumpCloud does: those of the time that is asked for, in pages.
type api struct {
	events []event
}

type event struct {
	at   time.Time
	json string
}

// add dates an event; fields is what else it has.
func (a *api) add(at time.Time, fields string) {
	id := fmt.Sprintf("69a5534cfeed%012d", len(a.events)+1)
	a.events = append(a.events, event{at: at, json: fmt.Sprintf(
		`{"id":%q,"@version":"1","organization":"5a2af2a82cf2b0010053ea41","timestamp":%q,%s}`,
		id, at.Format(time.RFC3339Nano), fields)})
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var query struct {
		Start       time.Time `json:"start_time"`
		End         time.Time `json:"end_time"`
		SearchAfter []int     `json:"search_after"`
		Limit       int       `json:"limit"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&query); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var page []string
	last := 0
	for i, e := range a.events {
		late := !query.End.IsZero() && e.at.After(query.End)
		again := len(query.SearchAfter) > 0 && i <= query.SearchAfter[0]
		if late || again || e.at.Before(query.Start) || len(page) == query.Limit {
			continue
		}
		page, last = append(page, e.json), i
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header()["X-Result-Count"] = []string{strconv.Itoa(len(page))}
	w.Header()["X-Limit"] = []string{strconv.Itoa(query.Limit)}
	if len(page) > 0 {
		w.Header()["X-Search_after"] = []string{fmt.Sprintf("[%d]", last)}
	}
	_, _ = io.WriteString(w, "["+strings.Join(page, ",")+"]")
}
