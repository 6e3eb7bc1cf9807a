// SPDX-License-Identifier: Apache-2.0

package insights_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeyThatAnAuthenticationExtensionSetIsMasked(t *testing.T) {
	for _, secret := range []string{
		"0123456789abcdef0123456789abcdef01234567",
		"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjbGllbnQifQ.c2lnbmF0dXJl_-c2lnbmF0dXJl",
	} {
		_, err := client(t, answering(403, `{"message":"key `+secret+` is not allowed"}`), nil).Events(t.Context(), query())
		require.Error(t, err)
		assert.NotContains(t, err.Error(), secret)
		assert.Contains(t, err.Error(), "key [masked] is not allowed")
	}
}
