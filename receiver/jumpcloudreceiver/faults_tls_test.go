// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// authority signs certificates.
type authority struct {
	t           *testing.T
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{t: t, certificate: certificate, key: key}
}

// file is where the authority's certificate is.
func (a *authority) file() string {
	path := filepath.Join(a.t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
	require.NoError(a.t, os.WriteFile(path, text, 0o600))
	return path
}

// sign makes a server's settings with a certificate for 127.0.0.1, or as change has it.
func (a *authority) sign(change func(*x509.Certificate)) *tls.Config {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	require.NoError(a.t, err)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, NextProtos: []string{"h2", "http/1.1"}}
}

// secured serves the collector's API with TLS, whose settings may be changed meanwhile.
type secured struct {
	front  *front
	server *httptest.Server

	mu       sync.Mutex
	settings *tls.Config
}

func serveSecured(t *testing.T, c *collector, settings *tls.Config) *secured {
	s := &secured{front: &front{api: c.api}, settings: settings}
	s.server = httptest.NewUnstartedServer(s.front)
	s.server.EnableHTTP2 = true
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.TLS = settings.Clone()
	s.server.TLS.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.settings, nil
	}
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	return s
}

func (s *secured) use(settings *tls.Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings = settings
}

// requireTLSRefused wants no request to reach a server with these settings, and reading to go
// on when they are good again.
func requireTLSRefused(t *testing.T, logged string, bad func(good *authority) *tls.Config) {
	t.Helper()
	c := networked(t)
	trusted := newAuthority(t)
	c.config.ClientConfig.TLS.CAFile = trusted.file()
	// Each request has a handshake of its own, and none is cut off for it.
	c.config.ClientConfig.DisableKeepAlives = true //nolint:staticcheck // Unmarshal folds what replaces it into this
	good, refused := trusted.sign(nil), bad(trusted)
	s := serveSecured(t, c, good)
	c.config.ClientConfig.Endpoint = s.server.URL
	requireOutage(t, c, func() {
		s.use(refused)
		// A request that was under way may have been answered yet.
		require.Eventually(t, func() bool { return len(c.host.reported()) > 0 }, enough, often)
		s.front.breakWith(nil)
	}, func() {
		assert.Zero(t, s.front.requests(), "no request reaches a server that is not trusted")
		s.use(good)
	}, unreachable)
	assert.Contains(t, c.logs.String(), logged)
}

func TestFault_T3_UnknownAuthorityIsRefused(t *testing.T) {
	requireTLSRefused(t, "certificate signed by unknown authority", func(*authority) *tls.Config { return newAuthority(t).sign(nil) })
}

func TestFault_T3_ExpiredCertificateIsRefused(t *testing.T) {
	requireTLSRefused(t, "certificate has expired", func(good *authority) *tls.Config {
		return good.sign(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	})
}

func TestFault_T3_CertificateOfAnotherHostIsRefused(t *testing.T) {
	requireTLSRefused(t, "certificate is valid for 127.0.0.2", func(good *authority) *tls.Config {
		return good.sign(func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 2)} })
	})
}

func TestFault_T3_OldProtocolIsNeverFallenBackTo(t *testing.T) {
	requireTLSRefused(t, "protocol version", func(good *authority) *tls.Config {
		old := good.sign(nil)
		old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		return old
	})
}
