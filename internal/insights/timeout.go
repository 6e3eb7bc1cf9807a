// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// timeoutTransport bounds one try, from its sending to the end of its body.
type timeoutTransport struct {
	next    http.RoundTripper
	timeout time.Duration
}

// RoundTrip implements http.RoundTripper. The body of the response ends the bound when closed.
func (t *timeoutTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(request.Context(), t.timeout)
	markSent(ctx)
	ctx, abandon := context.WithCancelCause(ctx)
	response, err := t.next.RoundTrip(request.WithContext(withDialTimeout(ctx, abandon)))
	if err != nil {
		if errors.Is(context.Cause(ctx), errDial) {
			err = errDial
		}
		cancel()
		return nil, err
	}
	response.Body = &boundBody{ReadCloser: response.Body, cancel: cancel}
	return response, nil
}

// boundBody releases the timeout with the body.
type boundBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (b *boundBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// sentKey is the context key of the time at which the last try was sent: what the API's date
// is compared with must not include the waits before it.
type sentKey struct{}

func withSentTime(ctx context.Context, sent *time.Time) context.Context {
	return context.WithValue(ctx, sentKey{}, sent)
}

func markSent(ctx context.Context) {
	if sent, ok := ctx.Value(sentKey{}).(*time.Time); ok {
		*sent = time.Now()
	}
}
