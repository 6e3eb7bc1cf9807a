// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

// leases stands in for the Kubernetes API, as far as an election asks for it: one lease, which is
// read, created, and replaced by who knows its latest version.
type leases struct {
	mu      sync.Mutex
	version int
	// lease is the message as it came, in the envelope that the API wraps its messages in.
	lease []byte
}

// protobufMagic begins an envelope of the Kubernetes API.
const protobufMagic = "k8s\x00"

// Numbers of fields of the API's messages: the envelope, a lease, its metadata and its spec.
const (
	envelopeType, envelopeRaw = 1, 2
	leaseMetadata, leaseSpec  = 1, 2
	metadataResourceVersion   = 6
	specHolderIdentity        = 1
)

// access is the way of one process to the leases. It can be cut.
type access struct {
	leases *leases
	cut    atomic.Bool
	// kubeconfig is the file that names it.
	kubeconfig string
}

func (l *leases) access(t *testing.T) *access {
	t.Helper()
	a := &access{leases: l, kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	require.NoError(t, os.WriteFile(a.kubeconfig, fmt.Appendf(nil, `
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: %q}}]
contexts: [{name: test, context: {cluster: test}}]
current-context: test
`, serve(t, a)), 0o600))
	return a
}

func (a *access) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.cut.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	a.leases.answer(w, r)
}

func (l *leases) answer(w http.ResponseWriter, r *http.Request) {
	const path = "/apis/coordination.k8s.io/v1/namespaces/observability/leases"
	l.mu.Lock()
	defer l.mu.Unlock()
	switch r.Method + " " + r.URL.Path {
	case "GET " + path + "/otelcol-jumpcloud":
		if l.lease == nil {
			refuse(w, http.StatusNotFound, "NotFound")
			return
		}
	case "POST " + path, "PUT " + path + "/otelcol-jumpcloud":
		body, err := io.ReadAll(r.Body)
		if err != nil || !bytes.HasPrefix(body, []byte(protobufMagic)) {
			refuse(w, http.StatusUnsupportedMediaType, "UnsupportedMediaType")
			return
		}
		if known := string(field(lease(body), leaseMetadata, metadataResourceVersion)); known != l.latest() {
			refuse(w, http.StatusConflict, "Conflict")
			return
		}
		l.version++
		l.lease = body
	default:
		refuse(w, http.StatusForbidden, "Forbidden")
		return
	}
	w.Header().Set("Content-Type", "application/vnd.kubernetes.protobuf")
	_, _ = w.Write(l.versioned())
}

// latest is the version of the lease, "" where there is none yet.
func (l *leases) latest() string {
	if l.version == 0 {
		return ""
	}
	return strconv.Itoa(l.version)
}

// versioned returns the lease with its version. What a message has twice is merged, and the later counts.
func (l *leases) versioned() []byte {
	metadata := appendField(nil, metadataResourceVersion, []byte(l.latest()))
	envelope := appendField([]byte(protobufMagic), envelopeType, field(l.lease[len(protobufMagic):], envelopeType))
	return appendField(envelope, envelopeRaw, appendField(bytes.Clone(lease(l.lease)), leaseMetadata, metadata))
}

// holder is the identity of who holds the lease.
func (l *leases) holder() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(field(lease(l.lease), leaseSpec, specHolderIdentity))
}

func lease(body []byte) []byte { return field(body[len(protobufMagic):], envelopeRaw) }

// field returns the bytes of a field, inside of the fields before it.
func field(message []byte, path ...protowire.Number) []byte {
	for _, wanted := range path {
		var found []byte
		for len(message) > 0 {
			number, kind, header := protowire.ConsumeTag(message)
			length := protowire.ConsumeFieldValue(number, kind, message[max(0, header):])
			if header < 0 || length < 0 {
				return nil
			}
			if number == wanted && kind == protowire.BytesType {
				found, _ = protowire.ConsumeBytes(message[header:])
			}
			message = message[header+length:]
		}
		message = found
	}
	return message
}

func appendField(message []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(message, number, protowire.BytesType), value)
}

func refuse(w http.ResponseWriter, code int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"apiVersion":"v1","kind":"Status","status":"Failure","reason":%q,"code":%d}`, reason, code)
}

// elect makes an installation that keeps its checkpoint in redis read only while it leads.
func (i *installation) elect() {
	i.t.Helper()
	i.reconfigure("storage: redis_storage", "storage: redis_storage\n    k8s_leader_elector: k8s_leader_elector")
	i.reconfigure("extensions: [redis_storage]", "extensions: [redis_storage, k8s_leader_elector]")
	i.reconfigure("  redis_storage:\n", `  k8s_leader_elector:
    auth_type: kubeConfig
    lease_name: otelcol-jumpcloud
    lease_namespace: observability
    lease_duration: 3s
    renew_deadline: 2s
    retry_period: 500ms
  redis_storage:
`)
}
