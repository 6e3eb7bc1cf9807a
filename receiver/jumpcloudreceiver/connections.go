// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
)

var _ extensionmiddleware.HTTPClient = (*connections)(nil)

var connectionsID = component.MustNewIDWithName("jumpcloud", "connections")

// connections is the innermost middleware of the HTTP client. It changes nothing and holds on to
// the transport: what confighttp wraps around it hides its CloseIdleConnections, so that an idle
// connection would outlive the receiver.
type connections struct {
	component.StartFunc
	component.ShutdownFunc

	transport http.RoundTripper
}

// GetHTTPRoundTripper implements extensionmiddleware.HTTPClient.
func (c *connections) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(_ context.Context, transport http.RoundTripper) (http.RoundTripper, error) {
		c.transport = transport
		return transport, nil
	}, nil
}

// below returns the client's configuration and the extensions with this middleware added.
func (c *connections) below(config confighttp.ClientConfig, extensions map[component.ID]component.Component) (
	confighttp.ClientConfig, map[component.ID]component.Component,
) {
	config.Middlewares = append(slices.Clone(config.Middlewares), configmiddleware.Config{ID: connectionsID})
	all := map[component.ID]component.Component{connectionsID: c}
	maps.Copy(all, extensions)
	return config, all
}

func (c *connections) closeIdle() {
	if transport, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		transport.CloseIdleConnections()
	}
}
