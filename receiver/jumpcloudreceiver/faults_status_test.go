// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/simulator"
)

// outage is what a fault of the API that lasts must look like from outside.
type outage struct {
	effect simulator.Effect
	// lasts is how long it does; at most is the number of requests that may be sent meanwhile.
	lasts  time.Duration
	atMost int
	// status is found in the status, "" is none at all.
	status string
	// longest is the longest wait between two requests that the fault may cause.
	longest time.Duration
}

// requireKept lets the API fail for a while. Nothing may be lost or come twice, and the status
// must have been reported once when it began and once when it ended.
func requireKept(t *testing.T, fault outage) {
	t.Helper()
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(10 * time.Second)
		from := time.Now()
		add(c, "before", 10)
		until := from.Add(fault.lasts)
		c.api.Inject(simulator.Fault{Until: until, Effect: fault.effect})
		sent := len(c.api.Requests())
		c.pass(fault.lasts / 2)
		add(c, "during", 10)
		c.pass(fault.lasts / 2)
		assert.Empty(t, c.sink.counts(), "nothing is delivered while it lasts")
		met := c.api.Requests()[sent:]
		assert.LessOrEqual(t, len(met), fault.atMost, "it is asked for rarely")
		c.pass(fault.longest + time.Minute)
		c.requireEachOnce("", from)
		starts := make(map[time.Time]bool)
		for i := 1; i < len(met); i++ {
			assert.LessOrEqual(t, met[i].At.Sub(met[i-1].At), fault.longest)
			starts[met[i].Query.Start] = true
		}
		assert.LessOrEqual(t, len(starts), 2, "tail and rescan each ask for the same again")
		c.requireStatuses(fault.status)
		assert.NotContains(t, c.logs.String(), canary)
	})
}

// requireStatuses fails unless exactly this error and its end were reported, or nothing was.
func (c *collector) requireStatuses(text string) {
	c.t.Helper()
	reported := c.host.reported()
	if text == "" {
		require.Empty(c.t, reported)
		return
	}
	require.Len(c.t, reported, 2)
	require.Equal(c.t, componentstatus.StatusRecoverableError, reported[0].Status())
	require.ErrorContains(c.t, reported[0].Err(), text)
	require.Equal(c.t, componentstatus.StatusOK, reported[1].Status())
}

func TestFault_A3_RefusedRequestIsKeptAndItsMessageCleaned(t *testing.T) {
	refusal := simulator.Effect{Alter: func(a *simulator.Answer) {
		a.Status = http.StatusBadRequest
		a.Body = []byte(`{"message":"unknown service\n\u001b[31m{\"level\":\"error\"} of fay@example.com with ` + canary + `"}`)
	}}
	requireKept(t, outage{refusal, 2 * time.Hour, 80, "JumpCloud refuses the request", 15 * time.Minute})
	collect(t, func(t *testing.T, c *collector) {
		c.api.Inject(simulator.Fault{Effect: refusal})
		c.start()
		c.pass(time.Minute)
		assert.Contains(t, c.logs.String(), "unknown service")
		for _, secret := range []string{canary, "fay@example.com", `\u001b`, `\n`} {
			assert.NotContains(t, c.logs.String(), secret)
		}
	})
}

func TestFault_A5_RefusedKeyIsTriedRarelyAndRecoversByItself(t *testing.T) {
	requireKept(t, outage{simulator.Status(401, "Unauthorized"), 3 * time.Hour, 80, "does not accept the API key (401)", 15 * time.Minute})
}

func TestFault_A6_MissingLicenseIsTriedRarelyAndRecoversByItself(t *testing.T) {
	requireKept(t, outage{simulator.Status(402, "Payment Required"), 3 * time.Hour, 80, "has no Directory Insights (402)", 15 * time.Minute})
}

func TestFault_A6_ForbiddenIsNeverATightLoop(t *testing.T) {
	requireKept(t, outage{simulator.Status(403, "blocked for suspected abuse"), 3 * time.Hour, 80, "forbids reading events (403)", 15 * time.Minute})
}

func TestFault_A7_RequestThatIsNotKnownThereIsKept(t *testing.T) {
	for _, code := range []int{404, 405, 410, 415} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			requireKept(t, outage{simulator.Status(code, ""), time.Hour, 80, "JumpCloud refuses the request", 15 * time.Minute})
		})
	}
}

func TestFault_A8_TimeoutOfTheServerIsKeptAndNoState(t *testing.T) {
	for _, code := range []int{408, 425} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			requirePassing(t, simulator.Status(code, ""), 0, 15*time.Second)
		})
	}
}

func TestFault_A8_TimeoutOfTheServerThatLastsIsKept(t *testing.T) {
	requireKept(t, outage{simulator.Status(408, ""), time.Hour, 250, "answers with server errors", 5 * time.Minute})
}

func TestFault_A9_RateLimitThatLastsIsAStateAfterThreeFailures(t *testing.T) {
	requireKept(t, outage{simulator.Status(429, ""), time.Hour, 250, "limits the rate of requests (429)", 5 * time.Minute})
	requireStateAfterThree(t, 429)
}

func TestFault_A9_RateLimitIsWaitedForFromFiveSeconds(t *testing.T) {
	requireGrowing(t, 429)
}

func TestFault_A10_SecondsAreWaitedForAsTheyAre(t *testing.T) {
	requirePassing(t, simulator.Status(429, "", "Retry-After", "4"), 8*time.Second, 8800*time.Millisecond)
	requireWaited(t, simulator.Status(429, "", "Retry-After", "100"), limited, 200*time.Second, 220*time.Second)
	// A wait that lasts longer than the tries of one request is no other.
	collect(t, func(t *testing.T, c *collector) {
		c.config.RescanInterval = 24 * time.Hour // one lane
		c.start()
		c.pass(5 * time.Second)
		c.api.Inject(simulator.Fault{Times: 60, Effect: simulator.Status(429, "", "Retry-After", "100")})
		sent := len(c.api.Requests())
		c.pass(3 * time.Hour)
		met := c.api.Requests()[sent:][:61]
		waits := make(map[time.Duration]bool)
		for i := 1; i < len(met); i++ {
			waits[met[i].At.Sub(met[i-1].At)] = true
			assert.GreaterOrEqual(t, met[i].At.Sub(met[i-1].At), 100*time.Second)
			assert.LessOrEqual(t, met[i].At.Sub(met[i-1].At), 110*time.Second)
		}
		assert.Greater(t, len(waits), 1, "clients that were told the same don't come together")
	})
}

func TestFault_A10_WaitIsCapped(t *testing.T) {
	requireWaited(t, simulator.Status(429, "", "Retry-After", "86400"), limited, 30*time.Minute, 33*time.Minute)
}

// dated asks for a wait by a date, as the API's own clock has it.
func dated(after time.Duration) simulator.Effect {
	return simulator.Effect{Alter: func(a *simulator.Answer) {
		now, _ := http.ParseTime(a.Header.Get("Date"))
		a.Status = http.StatusTooManyRequests
		a.Header.Set("Retry-After", now.Add(after).Format(http.TimeFormat))
	}}
}

func TestFault_A11_DateIsTakenByTheAPIsOwnClock(t *testing.T) {
	for _, off := range []time.Duration{-time.Hour, 0, time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			requireWaitedBy(t, off, dated(4*time.Second), "", 8*time.Second, 8800*time.Millisecond)
			requireWaitedBy(t, off, dated(100*time.Second), limited, 200*time.Second, 220*time.Second)
		})
	}
}

func TestFault_A11_DateThatIsPastIsNoWait(t *testing.T) {
	requirePassing(t, dated(-time.Minute), 0, 15*time.Second)
}

func TestFault_A12_GarbageIsNoWait(t *testing.T) {
	for _, value := range []string{"soon", "-5", "1e18", "1000000000000000000", "9223372036854775808", "5, 7", "\u0665", "Mon, 02 Mar", "0x10", "1.5"} {
		t.Run(value, func(t *testing.T) {
			requirePassing(t, simulator.Status(429, "", "Retry-After", value), 0, 15*time.Second)
		})
	}
}

func TestFault_A13_ServerErrorsAreAStateAfterThree(t *testing.T) {
	for _, code := range []int{500, 502, 503, 504} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			requireKept(t, outage{simulator.Status(code, "busy"), time.Hour, 250, "answers with server errors", 5 * time.Minute})
			requireStateAfterThree(t, code)
			requireGrowing(t, code)
		})
	}
}

func TestFault_A13_WaitThatAServerErrorAsksForIsWaited(t *testing.T) {
	requirePassing(t, simulator.Status(503, "", "Retry-After", "4"), 8*time.Second, 8800*time.Millisecond)
	requireWaited(t, simulator.Status(503, "", "Retry-After", "100"), "answers with server errors", 200*time.Second, 220*time.Second)
}

const limited = "limits the rate of requests (429)"

// requirePassing fails twice and wants the third request within these times, and no status.
func requirePassing(t *testing.T, effect simulator.Effect, low, top time.Duration) {
	t.Helper()
	requireWaited(t, effect, "", low, top)
}

// requireWaited fails twice and wants the third request within these times. Where it is a state, it
// must be told as soon as the wait begins; "" is none.
func requireWaited(t *testing.T, effect simulator.Effect, status string, low, top time.Duration) {
	t.Helper()
	requireWaitedBy(t, 0, effect, status, low, top)
}

// requireWaitedBy is for an API whose clock is off.
func requireWaitedBy(t *testing.T, off time.Duration, effect simulator.Effect, status string, low, top time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		now := func() time.Time { return time.Now().Add(off) }
		c := newCollectorOf(t, simulator.New(simulator.Settings{Now: now}))
		defer c.stop()
		c.start()
		c.pass(5 * time.Second)
		from := now()
		for i := range 10 {
			c.api.Add(simulator.Event{Service: "sso", Type: "sso_auth", ID: strconv.Itoa(i), Time: from})
		}
		c.api.Inject(simulator.Fault{Times: 2, Effect: effect})
		sent := len(c.api.Requests())
		c.pass(2 * time.Second)
		if status != "" {
			require.Len(t, c.host.reported(), 1, "it is told when the wait begins")
			assert.Contains(t, c.logs.String(), "next_attempt_in")
		}
		c.pass(top + 30*time.Second)
		c.requireEachOnce("", from)
		c.requireStatuses(status)
		met := c.api.Requests()[sent:]
		waited := met[2].At.Sub(met[0].At)
		assert.GreaterOrEqual(t, waited, low)
		assert.LessOrEqual(t, waited, top)
		assert.Equal(t, met[0].Query.Start, met[2].Query.Start, "the same is asked for again")
	})
}

// requireGrowing wants three tries each, whose waits begin at five seconds, and between them others
// that go on growing to five minutes. The jitter takes a part of each.
func requireGrowing(t *testing.T, code int) {
	t.Helper()
	for _, part := range []float64{1, 0.25} {
		collect(t, func(t *testing.T, c *collector) {
			c.random = func() float64 { return part }
			c.config.RescanInterval = 24 * time.Hour // one lane
			c.start()
			c.pass(5 * time.Second)
			var requests moments
			c.api.Inject(simulator.Fault{When: func(simulator.Request) bool {
				requests.now()
				return true
			}, Effect: simulator.Status(code, "")})
			c.pass(time.Hour)
			met := requests.seen()
			require.Greater(t, len(met), 24)
			seconds := func(of, until int) float64 { return met[until].Sub(met[of]).Seconds() / part }
			for i, between := range []float64{5, 10, 20, 40, 80, 160, 300, 300} {
				first := 3 * i
				assert.InDelta(t, 5, seconds(first, first+1), 0.01)
				assert.InDelta(t, 10, seconds(first+1, first+2), 0.01)
				assert.InDelta(t, between, seconds(first+2, first+3), 0.01)
			}
		})
	}
}

// requireStateAfterThree wants the status to change with the third failure and not before.
func requireStateAfterThree(t *testing.T, code int) {
	t.Helper()
	collect(t, func(t *testing.T, c *collector) {
		c.start()
		c.pass(5 * time.Second)
		// What was reported by the time of each failing request.
		var reported []int
		c.api.Inject(simulator.Fault{When: func(simulator.Request) bool {
			reported = append(reported, len(c.host.reported()))
			return true
		}, Effect: simulator.Status(code, "")})
		c.pass(time.Hour)
		require.Greater(t, len(reported), 4)
		assert.Equal(t, []int{0, 0, 0, 1}, reported[:4])
		assert.Len(t, c.host.reported(), 1)
		assert.LessOrEqual(t, strings.Count(c.logs.String(), `"level":"error"`), 7, "a state that lasts is logged rarely")
	})
}
