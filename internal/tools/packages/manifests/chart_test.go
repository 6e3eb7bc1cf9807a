// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

// chartValues are the keys of the opentelemetry-collector chart that values.yaml sets.
type chartValues struct {
	Mode             string
	ReplicaCount     int
	FullnameOverride string
	Image            struct{ Repository, Tag string }
	Command          struct{ Name string }
	AlternateConfig  map[string]any
	ExtraEnvs        []corev1.EnvVar
	UseGOMEMLIMIT    bool
	Resources        corev1.ResourceRequirements
	Ports            map[string]struct{ Enabled bool }
	ServiceAccount   struct {
		Create                       bool
		AutomountServiceAccountToken bool
	}
	PodSecurityContext *corev1.PodSecurityContext
	SecurityContext    *corev1.SecurityContext
	Statefulset        struct {
		VolumeClaimTemplates []corev1.PersistentVolumeClaim
	}
	ExtraVolumes      []corev1.Volume
	ExtraVolumeMounts []corev1.VolumeMount
	NetworkPolicy     struct {
		Enabled     bool
		EgressRules []networkingv1.NetworkPolicyEgressRule
	}
}

func values(t *testing.T) chartValues {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "values.yaml"))
	require.NoError(t, err)
	var decoded chartValues
	require.NoError(t, yaml.UnmarshalStrict(data, &decoded))
	return decoded
}
