// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// The mutants are not a part of `make test`, and yet their table fits the code.
func TestEachMutantsLineAndTestsAreThere(t *testing.T) {
	t.Chdir("../..")
	require.NoError(t, check(mutants()))
}
