// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

const (
	naiveInterval = 30 * time.Second
	naivePage     = 100
)

// naive is a poller as they are often written: it keeps a cursor, which survives a crash, and
// remembers no ids.
type naive struct {
	client  *http.Client
	deliver func(ids []string) bool
	cursor  time.Time
}

// found is what the naive pollers read of an event.
type found struct {
	ID        string    `json:"id"`
	Timestamp time.Time `json:"timestamp"`
}

// ask returns one page. A token continues the page before.
func (n *naive) ask(ctx context.Context, end time.Time, token json.RawMessage) ([]found, json.RawMessage, error) {
	query := map[string]any{"service": []string{"all"}, "start_time": milli(n.cursor), "limit": naivePage, "sort": "ASC"}
	if !end.IsZero() {
		query["end_time"] = milli(end)
	}
	if token != nil {
		query["search_after"] = token
	}
	body, err := json.Marshal(query)
	if err != nil {
		return nil, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1/insights/directory/v1/events", bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("X-Api-Key", canary)
	response, err := n.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("status %d", response.StatusCode)
	}
	var page []found
	err = json.NewDecoder(response.Body).Decode(&page)
	return page, json.RawMessage(response.Header.Get("X-Search_after")), err
}

// hand delivers a page. It is false where the process died of it.
func (n *naive) hand(page []found) bool {
	ids := make([]string, 0, len(page))
	for _, event := range page {
		ids = append(ids, event.ID)
	}
	return len(ids) == 0 || n.deliver(ids)
}

// cursorIsNow asks for [last poll, now), page by page with the API's own token. The cursor moves
// only when all of it was delivered, and by the API's clock, which is more care than most take.
func (n *naive) cursorIsNow(ctx context.Context) {
	now := time.Now()
	var token json.RawMessage
	for {
		page, next, err := n.ask(ctx, now.Add(-time.Millisecond), token)
		if err != nil || !n.hand(page) {
			return
		}
		if len(page) < naivePage {
			n.cursor = now
			return
		}
		token = next
	}
}

// cursorIsLast asks for everything after the last event's timestamp.
func (n *naive) cursorIsLast(ctx context.Context) {
	for {
		page, _, err := n.ask(ctx, time.Time{}, nil)
		if err != nil || !n.hand(page) {
			return
		}
		if len(page) > 0 {
			n.cursor = page[len(page)-1].Timestamp.Truncate(time.Millisecond).Add(time.Millisecond)
		}
		if len(page) < naivePage {
			return
		}
	}
}

// follow polls until a time. After its death the process is away for a while.
func (n *naive) follow(ctx context.Context, until time.Time, poll func(context.Context), died func() bool) {
	for time.Now().Before(until) {
		poll(ctx)
		wait := naiveInterval
		if died() {
			wait = away
		}
		<-time.After(wait)
	}
}

func milli(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// why names the reason for which an event is hard to deliver once.
func why(event simulator.Event, ties map[time.Time]int) string {
	switch {
	case ties[event.Time.Truncate(time.Millisecond)] > 1:
		return "tied"
	case event.Visible.After(event.Time):
		return "late"
	default:
		return "other"
	}
}
