// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/insights"
)

// checkEndpoint prints no more of an endpoint than its scheme, host and path: what else it holds
// may be secret.
func (c *Config) checkEndpoint(found *mistakes) {
	if c.ClientConfig.Endpoint == "" {
		if _, known := insights.RegionEndpoint(c.Region); !known {
			found.add("region is %q: it must be us, eu or in, or an endpoint must be set instead", c.Region)
		}
		return
	}
	endpoint, err := url.Parse(c.ClientConfig.Endpoint)
	if err != nil || endpoint.Hostname() == "" {
		found.add("endpoint is no URL of a scheme and a host: it must be like https://api.jumpcloud.com")
		return
	}
	checkScheme(found, endpoint)
	if endpoint.User != nil {
		found.add("endpoint holds a user name or a password: it must not; api_key is the place for a secret")
	}
	if endpoint.RawQuery != "" || endpoint.ForceQuery {
		found.add("endpoint holds a query: it must not; api_key is the place for a secret")
	}
	if strings.Contains(c.ClientConfig.Endpoint, "#") {
		found.add("endpoint holds a fragment: it must not")
	}
	if strings.Contains(endpoint.Path, "/insights/directory") {
		found.add("endpoint has the path %q: it must be left out, since it is added to each request", endpoint.Path)
	}
}

func checkScheme(found *mistakes, endpoint *url.URL) {
	switch {
	case endpoint.Scheme == "https":
	case endpoint.Scheme != "http":
		found.add("endpoint is %q: its scheme must be https", endpoint.Scheme+"://"+endpoint.Host)
	case !isLoopback(endpoint.Hostname()):
		found.add("endpoint is %q: it must be https, since http sends the API key in the clear; only a loopback host may be http", "http://"+endpoint.Host)
	}
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// checkProxy finds what the client would find at its start, in an error that shows the proxy's
// password.
func checkProxy(found *mistakes, proxyURL string) {
	if proxyURL == "" {
		return
	}
	proxy, err := url.ParseRequestURI(proxyURL)
	if err != nil || proxy.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, proxy.Scheme) {
		found.add("proxy_url is no URL of a proxy: it must be like http://proxy.example.com:3128, with the scheme http, https, socks5 or socks5h")
	}
}

// checkCredentials wants exactly one way to authenticate for each organization.
func (c *Config) checkCredentials(found *mistakes) {
	checkKey(found, "api_key", c.APIKey)
	keys := 0
	for i, organization := range c.Organizations {
		checkKey(found, organizationKey(i), organization.APIKey)
		if organization.APIKey != "" {
			keys++
		}
	}
	checkHeaders(found, c.ClientConfig.Headers)
	if c.ClientConfig.Auth.HasValue() {
		c.checkAuthAlone(found)
		return
	}
	if allHaveKeys := keys > 0 && keys == len(c.Organizations); c.APIKey == "" && !allHaveKeys {
		found.add("api_key is empty: it must be set (if it comes from an environment variable, that one is not set), unless each of the organizations has its own or auth is set")
	}
}

func (c *Config) checkAuthAlone(found *mistakes) {
	if c.APIKey != "" {
		found.add("api_key and auth are both set: only one of the two may be")
	}
	for i, organization := range c.Organizations {
		if organization.APIKey != "" {
			found.add("%s and auth are both set: only one of the two may be", organizationKey(i))
		}
	}
}

// checkHeaders refuses the headers that would overwrite what a request says of itself.
func checkHeaders(found *mistakes, headers configopaque.MapList) {
	for name := range headers.Iter {
		switch strings.ToLower(name) {
		case "x-api-key":
			found.add("headers holds %q: it must not; set api_key instead", name)
		case "x-org-id":
			found.add("headers holds %q: it must not; set organizations instead", name)
		}
	}
}

func organizationKey(index int) string {
	return fmt.Sprintf("organizations::%d::api_key", index)
}
