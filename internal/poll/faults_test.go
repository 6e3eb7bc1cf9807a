// SPDX-License-Identifier: Apache-2.0

package poll_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// TestFaultsOfTheAPILoseNothing lets each fault last for a while, with events on both sides of
// it, and wants each event once.
func TestFaultsOfTheAPILoseNothing(t *testing.T) {
	const none poll.FailureKind = ""
	for name, test := range map[string]struct {
		effect simulator.Effect
		// when says which requests are met; nil is all of them.
		when func(simulator.Request) bool
		kind poll.FailureKind
	}{
		"A1 400 with a token":        {simulator.Status(400, "search_after is not valid"), simulator.WithToken, none},
		"A3 400":                     {simulator.Status(400, "unknown service"), nil, poll.FailureRejected},
		"A5 401":                     {simulator.Status(401, "Unauthorized"), nil, poll.FailureAuthentication},
		"A6 402":                     {simulator.Status(402, ""), nil, poll.FailureLicense},
		"A6 403":                     {simulator.Status(403, "Forbidden"), nil, poll.FailureForbidden},
		"A7 404":                     {simulator.Status(404, ""), nil, poll.FailureRejected},
		"A8 408":                     {simulator.Status(408, ""), nil, poll.FailureServer},
		"A9 429":                     {simulator.Status(429, ""), nil, poll.FailureRateLimited},
		"A10 429 with seconds":       {simulator.Status(429, "", "Retry-After", "20"), nil, poll.FailureRateLimited},
		"A12 429 with garbage":       {simulator.Status(429, "", "Retry-After", "-1e18"), nil, poll.FailureRateLimited},
		"A13 503":                    {simulator.Status(503, "busy"), nil, poll.FailureServer},
		"A14 redirect":               {simulator.Redirect(307, "https://other.example.com/"), nil, poll.FailureRejected},
		"A15 204":                    {simulator.Status(204, ""), nil, poll.FailureBadResponse},
		"T4 reset before an answer":  {simulator.Reset(), nil, poll.FailureTransport},
		"T4 reset within the body":   {simulator.ResetMidBody(), nil, poll.FailureTransport},
		"T7 black hole":              {simulator.Hang(), nil, poll.FailureTransport},
		"T8 slow body":               {simulator.SlowBody(5 * time.Second), nil, poll.FailureTransport},
		"T9 short body":              {simulator.ShortBody(), nil, poll.FailureTransport},
		"T10 truncated body":         {simulator.Truncate(1), nil, poll.FailureBadResponse},
		"T11 corrupt gzip":           {simulator.CorruptGzip(), nil, poll.FailureTransport},
		"T13 HTML":                   {simulator.HTML(), nil, poll.FailureBadResponse},
		"P1 object":                  {simulator.Body(`{"message":"hello"}`), nil, poll.FailureBadResponse},
		"P1 null":                    {simulator.Body(`null`), nil, none},
		"P2 broken JSON":             {simulator.Body(`[{"id":"a"},{"id":]`), nil, poll.FailureBadResponse},
		"G3 no token":                {simulator.Headers("X-Search_after", ""), nil, none},
		"G4 malformed token":         {simulator.Headers("X-Search_after", "garbage"), nil, none},
		"G5 repeating token":         {simulator.Headers("X-Search_after", `[1,"same"]`), nil, none},
		"G6 smaller limit":           {simulator.ClampLimit(7), nil, none},
		"G7 wrong count":             {simulator.Headers("X-Result-Count", "999"), nil, poll.FailureBadResponse},
		"G9 upper case headers":      {upperCase(), nil, none},
		"C4 no date":                 {simulator.Headers("Date", ""), nil, none},
		"C5 date behind":             {simulator.DateSkew(-3 * time.Minute), nil, none},
		"C3 date ahead of local one": {simulator.DateSkew(0), nil, none},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, simulator.Settings{ShuffleTies: true}, func(t *testing.T, h *harness) {
				h.start()
				h.pass(15 * time.Second)
				from := time.Now()
				for i := range 150 {
					h.add(fmt.Sprint("before", i), from.Add(time.Duration(i)*10*time.Millisecond), 3)
				}
				h.api.Inject(simulator.Fault{When: test.when, Until: time.Now().Add(2 * time.Minute), Effect: test.effect})
				for i := range 12 {
					h.pass(10 * time.Second)
					h.add(fmt.Sprint("during", i), time.Now(), 25)
				}
				h.pass(12 * time.Minute)
				h.add("after", time.Now(), 1)
				h.pass(3 * time.Minute)
				h.requireEachOnce(from)
				assert.Empty(t, h.observed.seen().losses)
				if test.kind != none {
					assert.Contains(t, h.observed.seen().kinds(), test.kind)
					assert.Empty(t, h.observed.seen().failing)
				}
			})
		})
	}
}

func upperCase() simulator.Effect {
	return simulator.Effect{Alter: func(a *simulator.Answer) {
		for name, values := range a.Header {
			delete(a.Header, name)
			a.Header[strings.ToUpper(name)] = values
		}
	}}
}

func TestFault_A5_RefusedKeyIsTriedRarelyAndRecovers(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.api.Inject(simulator.Fault{Until: time.Now().Add(time.Hour), Effect: simulator.Status(401, "Unauthorized")})
		from := time.Now().Add(time.Minute)
		h.start()
		h.pass(time.Minute)
		h.add("a", time.Now().Add(time.Second), 10)
		h.pass(59 * time.Minute)
		assert.Less(t, len(h.api.Requests()), 100)
		h.pass(10 * time.Minute)
		h.requireEachOnce(from)
		assert.Empty(t, h.observed.seen().failing)
	})
}

func TestFault_A11_RetryAfterIsWaitedFor(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		h.api.Inject(simulator.Fault{Times: 1, Effect: simulator.Status(429, "", "Retry-After", time.Now().Add(200*time.Second).UTC().Format(http.TimeFormat))})
		h.pass(11 * time.Second)
		before := len(h.api.Requests())
		h.pass(170 * time.Second)
		assert.Len(t, h.api.Requests(), before)
		h.pass(60 * time.Second)
		assert.Greater(t, len(h.api.Requests()), before)
	})
}

func TestFault_P6_EventLargerThanAnAnswerIsPassedBy(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		for i := range 20 {
			h.add(fmt.Sprint("a", i), from.Add(time.Duration(i)*time.Millisecond), 1)
		}
		h.api.Add(simulator.Event{ID: "huge", Time: from.Add(7 * time.Millisecond), JSON: largeEvent("huge", from.Add(7*time.Millisecond), 2<<20)})
		h.pass(time.Minute)
		h.requireEachOnce(from)
		h.requireOneLoss(poll.LossOversize)
		h.pass(time.Hour)
		h.requireEachOnce(from)
		pages := h.observed.seen().pages
		last := pages[len(pages)-1]
		assert.Equal(t, h.settings.PageSize, last.Limit, "the page size is raised again")
	})
}

func TestFault_P2_BrokenEventIsPassedByInTheEnd(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.settings.Backoff = backoff.Settings{Initial: time.Second, Max: 5 * time.Second}
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		for i := range 20 {
			h.add(fmt.Sprint("a", i), from.Add(time.Duration(i)*time.Millisecond), 1)
		}
		broken := simulator.Effect{Alter: func(a *simulator.Answer) {
			a.Body = []byte(strings.Replace(string(a.Body), `"id":"a7-0","organization"`, `"id":"a7-0",organization`, 1))
		}}
		h.api.Inject(simulator.Fault{Effect: broken, When: func(r simulator.Request) bool { return r.Query.Fields == nil }})
		h.pass(10 * time.Minute)
		h.requireEachOnce(from)
		h.requireOneLoss(poll.LossUnreadable)
	})
}

func TestFault_G2_MillisecondThatNoPageHoldsIsReported(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		at := time.Now()
		h.add("tie", at, 12_000)
		h.api.Inject(simulator.Fault{Until: time.Now().Add(10 * time.Minute), Effect: simulator.Headers("X-Search_after", "")})
		h.pass(10 * time.Minute)
		assert.Equal(t, []poll.FailureKind{poll.FailureStuck}, h.observed.seen().kinds())
		assert.Less(t, len(h.api.Requests()), 300)
		h.pass(10 * time.Minute)
		h.requireEachOnce(at)
	})
}

func TestFault_P4_EventsWithoutAnIDAreTakenByTheirContent(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		stamp := time.Now().UTC().Format(time.RFC3339Nano)
		for _, event := range []string{
			`{"timestamp":"` + stamp + `","n":9007199254740992}`,
			`{"timestamp":"` + stamp + `","n":9007199254740993}`,
			`{"n":9007199254740993,"timestamp":"` + stamp + `"}`,
			`{"timestamp":"` + stamp + `","id":17}`,
		} {
			h.api.Add(simulator.Event{Time: time.Now(), JSON: []byte(event)})
		}
		h.pass(5 * time.Minute)
		assert.Equal(t, map[string]int{"": 3}, h.accepted())
	})
}

func TestFault_P5_EventWithoutATimestampIsDeliveredOnce(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		h.api.Add(
			simulator.Event{Time: time.Now(), JSON: []byte(`{"id":"none"}`)},
			simulator.Event{Time: time.Now(), JSON: []byte(`{"id":"bad","timestamp":"yesterday"}`)},
			simulator.Event{Time: time.Now(), JSON: []byte(`{"id":"number","timestamp":1795440375}`)},
			simulator.Event{Time: time.Now(), JSON: []byte(`null`)},
			simulator.Event{Time: time.Now(), JSON: []byte(`"text"`)},
		)
		h.pass(30 * time.Minute)
		assert.Equal(t, map[string]int{"none": 1, "bad": 1, "number": 1, "": 1}, h.accepted())
	})
}

func TestFault_S14_ChangedServicesContinueFromTheWatermark(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		h.kill()
		from := time.Now()
		h.add("a", from, 10)
		h.pass(time.Hour)
		h.settings.Services, h.settings.Query = []string{"sso"}, "sso"
		h.start()
		h.pass(15 * time.Second)
		h.requireEachOnce(from)
		assert.True(t, h.observed.seen().starts[1].QueryChanged)
	})
}

func TestLargerDelayBringsNoOldEventsAgain(t *testing.T) {
	bubble(t, simulator.Settings{}, func(t *testing.T, h *harness) {
		h.start()
		h.pass(15 * time.Second)
		from := time.Now()
		h.add("a", from, 10)
		h.pass(3 * time.Hour)
		h.kill()
		h.settings.MaxEventDelay = 24 * time.Hour
		h.start()
		h.pass(time.Hour)
		h.requireEachOnce(from)
	})
}
