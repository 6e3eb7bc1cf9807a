// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// leakyError shows the key in its fields too.
type leakyError struct{ header string }

func (e *leakyError) Error() string { return "proxy: bad header " + e.header }

func TestTransportErrorHasNoCauseToLeak(t *testing.T) {
	cause := &leakyError{header: canary}
	broken := roundTripper(func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("sending: %w", cause) })
	_, err := client(t, broken, nil).Events(t.Context(), query())
	require.EqualError(t, err, "sending: proxy: bad header [masked]")
	failed, ok := errors.AsType[*insights.TransportError](err)
	require.True(t, ok)
	assert.False(t, failed.Timeout())
	require.NotErrorIs(t, err, cause)
	for ; err != nil; err = errors.Unwrap(err) {
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), canary)
	}
}

func TestTransportErrorTellsHowItsRequestEnded(t *testing.T) {
	for name, test := range map[string]struct {
		cause              error
		timeout            bool
		canceled, deadline bool
	}{
		"canceled":            {fmt.Errorf("a: %w", context.Canceled), false, true, false},
		"deadline":            {fmt.Errorf("a: %w", context.DeadlineExceeded), true, false, true},
		"deadline of a read":  {fmt.Errorf("a: %w", os.ErrDeadlineExceeded), true, false, false},
		"nothing of the kind": {io.ErrUnexpectedEOF, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			broken := roundTripper(func(*http.Request) (*http.Response, error) { return nil, test.cause })
			_, err := client(t, broken, nil).Events(t.Context(), query())
			failed, ok := errors.AsType[*insights.TransportError](err)
			require.True(t, ok, "%T", err)
			assert.Equal(t, test.timeout, failed.Timeout())
			assert.Equal(t, test.canceled, errors.Is(err, context.Canceled))
			assert.Equal(t, test.deadline, errors.Is(err, context.DeadlineExceeded))
		})
	}
}

func TestAnswerThatBreaksOffTellsTheTime(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 1, 0, time.UTC)
	broken := roundTripper(func(r *http.Request) (*http.Response, error) {
		response, err := answering(200, "", "Date", at.Format(http.TimeFormat))(r)
		response.Body = io.NopCloser(io.MultiReader(io.LimitReader(zeros{}, 10), failing{}))
		return response, err
	})
	_, err := client(t, broken, nil).Events(t.Context(), query())
	failed, ok := errors.AsType[*insights.TransportError](err)
	require.True(t, ok, "%T", err)
	assert.Equal(t, "reading the answer: the connection was closed before the answer was complete: unexpected EOF", failed.Error())
	assert.Equal(t, at, failed.Clock.Date.UTC())
	assert.False(t, failed.Clock.Received.IsZero())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
