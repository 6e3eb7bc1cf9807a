// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

const folder = "../../../../examples/kubernetes"

// objects are a manifest's, each decoded strictly.
func objects(t *testing.T, name string) []any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, name))
	require.NoError(t, err)
	kinds := map[string]func() any{
		"v1/ServiceAccount":                        func() any { return &corev1.ServiceAccount{} },
		"v1/ConfigMap":                             func() any { return &corev1.ConfigMap{} },
		"v1/Service":                               func() any { return &corev1.Service{} },
		"apps/v1/StatefulSet":                      func() any { return &appsv1.StatefulSet{} },
		"apps/v1/Deployment":                       func() any { return &appsv1.Deployment{} },
		"policy/v1/PodDisruptionBudget":            func() any { return &policyv1.PodDisruptionBudget{} },
		"networking.k8s.io/v1/NetworkPolicy":       func() any { return &networkingv1.NetworkPolicy{} },
		"rbac.authorization.k8s.io/v1/Role":        func() any { return &rbacv1.Role{} },
		"rbac.authorization.k8s.io/v1/RoleBinding": func() any { return &rbacv1.RoleBinding{} },
	}
	var decoded []any
	for document := range bytes.SplitSeq(data, []byte("\n---\n")) {
		var kind struct{ APIVersion, Kind string }
		require.NoError(t, yaml.Unmarshal(document, &kind))
		made := kinds[kind.APIVersion+"/"+kind.Kind]
		require.NotNil(t, made, "%s has a %s/%s, which this test does not know", name, kind.APIVersion, kind.Kind)
		object := made()
		require.NoError(t, yaml.UnmarshalStrict(document, object), name)
		decoded = append(decoded, object)
	}
	return decoded
}

// of is the only object of a kind.
func of[T any](t *testing.T, name string) *T {
	t.Helper()
	var found *T
	for _, object := range objects(t, name) {
		if typed, ok := object.(*T); ok {
			require.Nil(t, found, "%s has two %T", name, typed)
			found = typed
		}
	}
	require.NotNil(t, found, "%s has no %T", name, found)
	return found
}

func requireRestricted(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	require.NoError(t, err)
	for _, result := range evaluator.EvaluatePod(
		api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &metav1.ObjectMeta{}, &pod) {
		assert.True(t, result.Allowed, "%s: %s", result.ForbiddenReason, result.ForbiddenDetail)
	}
	for _, volume := range pod.Volumes {
		if volume.Secret != nil {
			assert.EqualValues(t, 0o440, *volume.Secret.DefaultMode, "the key is for the group of the user alone")
		}
	}
	require.NotEmpty(t, pod.Containers)
	for _, container := range pod.Containers {
		assert.True(t, *container.SecurityContext.ReadOnlyRootFilesystem)
	}
}

func TestPods_AreRestricted(t *testing.T) {
	t.Run("statefulset.yaml", func(t *testing.T) {
		requireRestricted(t, of[appsv1.StatefulSet](t, "statefulset.yaml").Spec.Template.Spec)
	})
	t.Run("deployment.yaml", func(t *testing.T) {
		requireRestricted(t, of[appsv1.Deployment](t, "deployment.yaml").Spec.Template.Spec)
	})
	t.Run("values.yaml", func(t *testing.T) {
		chosen := values(t)
		requireRestricted(t, corev1.PodSpec{SecurityContext: chosen.PodSecurityContext, Volumes: chosen.ExtraVolumes, Containers: []corev1.Container{{
			SecurityContext: chosen.SecurityContext, VolumeMounts: chosen.ExtraVolumeMounts,
		}}})
	})
}

// What selects pods selects these.
func TestSelectors_MeetThePods(t *testing.T) {
	for name, labels := range map[string]map[string]string{
		"statefulset.yaml": of[appsv1.StatefulSet](t, "statefulset.yaml").Spec.Template.Labels,
		"deployment.yaml":  of[appsv1.Deployment](t, "deployment.yaml").Spec.Template.Labels,
	} {
		assert.Equal(t, labels, of[corev1.Service](t, name).Spec.Selector, name)
		assert.Equal(t, labels, of[networkingv1.NetworkPolicy](t, name).Spec.PodSelector.MatchLabels, name)
	}
	assert.Equal(t, of[appsv1.StatefulSet](t, "statefulset.yaml").Spec.Selector.MatchLabels, of[corev1.Service](t, "statefulset.yaml").Spec.Selector)
	assert.Equal(t, of[appsv1.Deployment](t, "deployment.yaml").Spec.Selector.MatchLabels, of[corev1.Service](t, "deployment.yaml").Spec.Selector)
}

func TestConfigurations_AreTakenByTheCollector(t *testing.T) {
	collector := os.Getenv("COLLECTOR")
	if collector == "" {
		t.Skip("COLLECTOR is not set")
	}
	chart, err := yaml.Marshal(values(t).AlternateConfig)
	require.NoError(t, err)
	for name, configuration := range map[string]string{
		"statefulset.yaml": of[corev1.ConfigMap](t, "statefulset.yaml").Data["config.yaml"],
		"deployment.yaml":  of[corev1.ConfigMap](t, "deployment.yaml").Data["config.yaml"],
		"values.yaml":      string(chart),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "config.yaml")
			configuration = string(bytes.ReplaceAll([]byte(configuration), []byte("/var/lib/otelcol-jumpcloud"), []byte(t.TempDir())))
			require.NoError(t, os.WriteFile(file, []byte(configuration), 0o600))
			command := exec.Command(collector, "validate", "--config", file)
			command.Env = append(os.Environ(), "BACKEND_ENDPOINT=http://backend:4318", "REDIS_ENDPOINT=redis:6379", "REDIS_PASSWORD=any",
				"NAMESPACE=observability", "MY_POD_IP=127.0.0.1")
			output, err := command.CombinedOutput()
			require.NoError(t, err, "%s", output)
		})
	}
}
