// SPDX-License-Identifier: Apache-2.0

package insights

import "net/http"

// authTransport sets the headers that say who asks, just before the request is sent. The key
// is held in a closure: a print of the transport shows an address.
type authTransport struct {
	next      http.RoundTripper
	authorize func(http.Header)
}

func newAuthTransport(next http.RoundTripper, settings ClientSettings) *authTransport {
	return &authTransport{next: next, authorize: func(header http.Header) {
		if key := settings.APIKey.text(); key != "" {
			header.Set("X-Api-Key", key)
		}
		if settings.OrganizationID != "" {
			header.Set("X-Org-Id", settings.OrganizationID)
		}
		if settings.UserAgent != "" {
			header.Set("User-Agent", settings.UserAgent)
		}
	}}
}

// RoundTrip implements http.RoundTripper. The request that was passed in is not changed.
func (t *authTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	authorized := request.Clone(request.Context())
	t.authorize(authorized.Header)
	return t.next.RoundTrip(authorized)
}
