// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/backoff"
)

const (
	eventsPath = "/insights/directory/v1/events"
	countPath  = eventsPath + "/count"
	hoursPath  = eventsPath + "/interval"

	defaultTimeout         = 60 * time.Second
	defaultMaxResponseSize = 64 << 20
	// maxErrorBody is how much of an error's body is read.
	maxErrorBody = 4 << 10
)

// ClientSettings configure a client.
type ClientSettings struct {
	// Endpoint is scheme and host, for instance https://api.jumpcloud.com.
	Endpoint string
	// APIKey is sent as x-api-key; its zero value where the base client authenticates by itself.
	APIKey Secret
	// OrganizationID is sent as x-org-id; "" sends none and asks for the key's own organization.
	OrganizationID string
	// Limiter is waited for before each try of a request; nil is no limit. Clients may share one.
	Limiter *rate.Limiter
	// Hold is shared by all clients of the same key and endpoint: what the API asks one of them to wait
	// (429 or 503 with Retry-After) is waited for by each. Nil is a hold of its own.
	Hold  *backoff.Hold
	Retry RetrySettings
	// Timeout bounds one try, headers and body; 0 is 60 s.
	Timeout time.Duration
	// MaxResponseSize bounds an inflated body in bytes; 0 is 64 MiB.
	MaxResponseSize int64
	// UserAgent is sent as User-Agent where it is not "".
	UserAgent string
	// Traffic observes each try; nil observes nothing.
	Traffic Traffic
}

// Client asks for the events of one organization. It is safe for concurrent use.
type Client struct {
	http     *http.Client
	endpoint string
	maxSize  int64
	sanitize sanitizer
	// byExtension says that the base client authenticates.
	byExtension bool
}

// NewClient returns a client that sends through the transport of base, which is not changed.
//
// A request passes, in this order: retry, rate limit, traffic, timeout, authentication, base. A redirect
// is never followed: Go's client would send x-api-key on to another host.
func NewClient(base *http.Client, settings ClientSettings) (*Client, error) {
	endpoint, err := url.Parse(settings.Endpoint)
	if err != nil || endpoint.Host == "" {
		return nil, errors.New("the endpoint is no URL with a host")
	}
	transport := base.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	sanitize := newSanitizer(settings.APIKey.text())
	transport = newAuthTransport(transport, settings)
	transport = &timeoutTransport{next: transport, timeout: orDefault(settings.Timeout, defaultTimeout)}
	traffic := settings.Traffic
	if traffic == nil {
		traffic = unobserved{}
	}
	transport = &trafficTransport{next: transport, traffic: traffic}
	transport = newLimitTransport(transport, settings.Limiter, settings.Hold, traffic)
	transport = &retryTransport{next: transport, settings: settings.Retry, traffic: traffic}
	return &Client{
		http: &http.Client{
			Transport:     transport,
			Jar:           base.Jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		endpoint:    strings.TrimSuffix(settings.Endpoint, "/"),
		maxSize:     orDefault(settings.MaxResponseSize, defaultMaxResponseSize),
		sanitize:    sanitize,
		byExtension: settings.APIKey.text() == "",
	}, nil
}

func orDefault[T time.Duration | int64](value, fallback T) T {
	if value == 0 {
		return fallback
	}
	return value
}

// Count asks how many events a query has; its limit, token and fields are ignored. The errors
// are those of Open and of Page.
func (c *Client) Count(ctx context.Context, query Query) (int64, ServerClock, error) {
	request, err := query.count()
	if err != nil {
		return 0, ServerClock{}, err
	}
	answer, err := c.post(ctx, countPath, request)
	if err != nil {
		return 0, ServerClock{}, err
	}
	data, err := answer.read()
	if err != nil {
		return 0, ServerClock{}, err
	}
	var counted struct {
		Count *int64 `json:"count"`
	}
	if err := json.Unmarshal(data, &counted); err != nil || counted.Count == nil {
		return 0, answer.clock, answer.failed(reasonCountAnswer)
	}
	return *counted.Count, answer.clock, nil
}

// post sends a request and waits for the headers of the answer.
func (c *Client) post(ctx context.Context, path string, body []byte) (*answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	// Known to net/http and not sent: a request that a stale connection swallowed may be repeated.
	request.Header["X-Idempotency-Key"] = nil
	var sent time.Time
	request = request.WithContext(withSentTime(ctx, &sent))
	response, err := c.http.Do(request)
	received := time.Now()
	if err != nil {
		return nil, c.transportError("", err, ServerClock{})
	}
	clock := ServerClock{Received: received, Elapsed: received.Sub(sent)}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		clock.Date = date
	}
	if response.StatusCode != http.StatusOK {
		defer func() { _ = response.Body.Close() }()
		return nil, c.statusError(response, clock)
	}
	return &answer{client: c, response: response, clock: clock, requestID: c.requestID(response)}, nil
}

func (c *Client) statusError(response *http.Response, clock ServerClock) error {
	if response.StatusCode < http.StatusMultipleChoices {
		return &ResponseError{Reason: reasonStatus, RequestID: c.requestID(response), Clock: clock}
	}
	// What can't be read of an error's text is not missed.
	text, more, err := readAll(response.Body, maxErrorBody)
	failed := &StatusError{
		StatusCode:  response.StatusCode,
		ByExtension: c.byExtension,
		SchemeSent:  schemeSent(response),
		Message:     c.sanitizer(response).message(text, more || err != nil),
		Wait:        retryAfter(response.Header),
		RequestID:   c.requestID(response),
		Clock:       clock,
	}
	if location, err := response.Location(); err == nil && response.StatusCode/100 == 3 {
		failed.Message = ""
		failed.RedirectHost = c.sanitizer(response).text(location.Host)
	}
	return failed
}

// schemeSent looks at what was sent, which an extension may have set.
func schemeSent(response *http.Response) bool {
	return response.Request != nil && strings.Contains(strings.TrimSpace(response.Request.Header.Get("X-Api-Key")), " ")
}

// transportError is without the URL, which says nothing new.
func (c *Client) transportError(doing string, err error, clock ServerClock) error {
	if refused, ok := errors.AsType[*CredentialsError](err); ok {
		return refused
	}
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	return newTransportError(doing, c.sanitize.text(err.Error()), err, clock)
}

func (c *Client) requestID(response *http.Response) string {
	return c.sanitizer(response).requestID(response.Header.Get("X-Request-Id"))
}

// sanitizer knows the key, or what an extension sent in its place where the response tells it.
func (c *Client) sanitizer(response *http.Response) sanitizer {
	if !c.byExtension || response.Request == nil {
		return c.sanitize
	}
	sent := response.Request.Header
	_, token, _ := strings.Cut(sent.Get("Authorization"), " ")
	return newSanitizer(sent.Get("X-Api-Key"), token)
}
