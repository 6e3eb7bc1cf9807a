// SPDX-License-Identifier: Apache-2.0

package insights

// Secret is a text that no print and no encoding of it shows, whatever the verb: it is held in
// a closure. Its zero value is the empty text.
type Secret struct {
	reveal func() string
}

// NewSecret returns text as a secret.
func NewSecret(text string) Secret {
	return Secret{reveal: func() string { return text }}
}

func (s Secret) text() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}
