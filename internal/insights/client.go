// SPDX-License-Identifier: Apache-2.0

package insights

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

const (
	eventsPath = "/insights/directory/v1/events"
	countPath  = eventsPath + "/count"

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
	Retry   RetrySettings
	// Timeout bounds one try, headers and body; 0 is 60 s.
	Timeout time.Duration
	// MaxResponseSize bounds an inflated body in bytes; 0 is 64 MiB.
	MaxResponseSize int64
	// UserAgent is sent as User-Agent where it is not "".
	UserAgent string
}

// Client asks for the events of one organization. It is safe for concurrent use.
type Client struct {
	http     *http.Client
	endpoint string
	maxSize  int64
	sanitize sanitizer
}

// NewClient returns a client that sends through the transport of base, which is not changed.
//
// A request passes, in this order: retry, rate limit, timeout, authentication, base. A redirect
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
	if settings.Limiter != nil {
		transport = &limitTransport{next: transport, limiter: settings.Limiter}
	}
	transport = &retryTransport{next: transport, settings: settings.Retry}
	return &Client{
		http: &http.Client{
			Transport:     transport,
			Jar:           base.Jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		endpoint: strings.TrimSuffix(settings.Endpoint, "/"),
		maxSize:  orDefault(settings.MaxResponseSize, defaultMaxResponseSize),
		sanitize: sanitize,
	}, nil
}

func orDefault[T time.Duration | int64](value, fallback T) T {
	if value == 0 {
		return fallback
	}
	return value
}

// Events asks for one page. A page is complete or an error: ErrInvalidQuery, a *StatusError, a
// *ResponseError, a *TooLargeError or a *TransportError.
func (c *Client) Events(ctx context.Context, query Query) (*Page, error) {
	request, err := query.page()
	if err != nil {
		return nil, err
	}
	answer, err := c.post(ctx, eventsPath, request)
	if err != nil {
		return nil, err
	}
	events, reason := splitPage(answer.body, query.Limit)
	count, counted := intHeader(answer.header, "X-Result-Count")
	switch {
	case reason == reasonNoArray && counted && count == 0 && string(bytes.TrimSpace(answer.body)) == "null":
	case reason != "":
		return nil, answer.failed(reason)
	case counted && count != len(events):
		return nil, answer.failed(reasonCount)
	}
	limit, limited := intHeader(answer.header, "X-Limit")
	if limit < 1 || limit > query.Limit {
		limit = query.Limit
	}
	return &Page{
		Events:         events,
		Limit:          limit,
		Token:          pagingToken(answer.header),
		HeadersMissing: !limited,
		Clock:          answer.clock,
		RequestID:      answer.requestID,
		Size:           len(answer.body),
	}, nil
}

// Count asks how many events a query has; its limit, token and fields are ignored. The errors
// are those of Events.
func (c *Client) Count(ctx context.Context, query Query) (int64, ServerClock, error) {
	request, err := query.count()
	if err != nil {
		return 0, ServerClock{}, err
	}
	answer, err := c.post(ctx, countPath, request)
	if err != nil {
		return 0, ServerClock{}, err
	}
	var counted struct {
		Count *int64 `json:"count"`
	}
	if err := json.Unmarshal(answer.body, &counted); err != nil || counted.Count == nil {
		return 0, answer.clock, answer.failed(reasonCountAnswer)
	}
	return *counted.Count, answer.clock, nil
}

// answer is a response that was read to its end.
type answer struct {
	header    http.Header
	body      []byte
	clock     ServerClock
	requestID string
}

func (a *answer) failed(reason string) error {
	return &ResponseError{Reason: reason, Malformed: reason == reasonMalformed, RequestID: a.requestID, Clock: a.clock}
}

// post sends a request and reads the answer to its end.
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
	defer func() { _ = response.Body.Close() }()
	clock := ServerClock{Received: received, Elapsed: received.Sub(sent)}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		clock.Date = date
	}
	if response.StatusCode != http.StatusOK {
		return nil, c.statusError(response, clock)
	}
	data, err := c.read(response, clock)
	if err != nil {
		return nil, err
	}
	return &answer{header: response.Header, body: data, clock: clock, requestID: c.requestID(response)}, nil
}

// read returns the inflated body.
func (c *Client) read(response *http.Response, clock ServerClock) ([]byte, error) {
	data, more, err := readAll(response.Body, c.maxSize)
	switch {
	case more:
		return nil, &TooLargeError{Limit: c.maxSize, RequestID: c.requestID(response), Clock: clock}
	case err != nil:
		return nil, c.transportError("reading the answer: ", err, clock)
	default:
		return data, nil
	}
}

func (c *Client) statusError(response *http.Response, clock ServerClock) error {
	if response.StatusCode < http.StatusMultipleChoices {
		return &ResponseError{Reason: reasonStatus, RequestID: c.requestID(response), Clock: clock}
	}
	// What can't be read of an error's text is not missed.
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	failed := &StatusError{
		StatusCode: response.StatusCode,
		Message:    c.sanitize.message(text),
		RetryAfter: retryAfter(response.Header),
		RequestID:  c.requestID(response),
		Clock:      clock,
	}
	if location, err := response.Location(); err == nil && response.StatusCode/100 == 3 {
		failed.Message = ""
		failed.RedirectHost = c.sanitize(location.Host)
	}
	return failed
}

// transportError is without the URL, which says nothing new.
func (c *Client) transportError(doing string, err error, clock ServerClock) error {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	return newTransportError(doing+c.sanitize(err.Error()), err, clock)
}

func (c *Client) requestID(response *http.Response) string {
	return c.sanitize(response.Header.Get("X-Request-Id"))
}

// intHeader reports false where the header is missing or no number.
func intHeader(header http.Header, name string) (value int, found bool) {
	value, err := strconv.Atoi(strings.TrimSpace(header.Get(name)))
	return value, err == nil && value >= 0
}
