// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"strings"
	"testing"
)

// spellings are the paths at which an event may have an object that documentation names by the
// first.
var spellings = map[string][]string{
	"geoip": {"geoip", "geoip.geoip", "geoip.Geoip", "Geoip", "Geoip.geoip", "Geoip.Geoip"},
	"useragent": {
		"useragent", "useragent.useragent", "user_agent", "user_agent.useragent", "user_agent.user_agent", "useragent.user_agent",
		"userAgent", "UserAgent", "Useragent",
	},
}

func TestVariants_AllSpellingsHaveTheSameKeys(t *testing.T) {
	objects := map[string]struct {
		members  string
		expected map[string]any
	}{
		"geoip": {
			`{"country_code2":"US","region_code":"MA","city":"Boston","latitude":"42.36","timezone":"America/New_York"}`,
			map[string]any{
				"geo.country.iso_code": "US", "geo.region.iso_code": "US-MA", "geo.locality.name": "Boston",
				"geo.location.lat": 42.36, "jumpcloud.geoip.timezone": "America/New_York",
			},
		},
		"useragent": {
			`{"raw":"Mozilla/5.0","browser":"Edge","version":"121","os":"Android","os_version":"14","os_minor":"0"}`,
			map[string]any{
				"user_agent.original": "Mozilla/5.0", "user_agent.name": "Edge", "user_agent.version": "121",
				"user_agent.os.name": "Android", "user_agent.os.version": "14",
			},
		},
	}
	for name, object := range objects {
		for _, spelling := range spellings[name] {
			t.Run(spelling, func(t *testing.T) {
				requireAttributes(t, wrap(spelling, object.members), object.expected, 0)
			})
		}
	}
}

func TestVariants_UserAgentAsText(t *testing.T) {
	for _, spelling := range spellings["useragent"] {
		if strings.Contains(spelling, ".") {
			continue
		}
		t.Run(spelling, func(t *testing.T) {
			requireAttributes(t, wrap(spelling, `"curl/8.5.0"`), map[string]any{"user_agent.original": "curl/8.5.0"}, 0)
		})
	}
}

// The usual spelling wins over the others, whichever comes first, and no value is lost.
func TestVariants_TheUsualSpellingWins(t *testing.T) {
	usual, other := `"useragent":{"name":"Chrome"}`, `"user_agent":{"name":"Firefox"}`
	expected := map[string]any{"user_agent.name": "Chrome", "jumpcloud.useragent.name": "Firefox"}
	requireAttributes(t, "{"+usual+","+other+"}", expected, 0)
	requireAttributes(t, "{"+other+","+usual+"}", expected, 0)
}
