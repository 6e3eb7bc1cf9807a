// SPDX-License-Identifier: Apache-2.0

// Package manifests tests what examples/kubernetes has: that Kubernetes knows each field, that Pod Security takes the
// pods as restricted, and that the collector takes the configurations.
package manifests
