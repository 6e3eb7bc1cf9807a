// SPDX-License-Identifier: Apache-2.0

package insights

// RegionEndpoint returns the endpoint of a region: us, eu or in. The hosts are those of
// JumpCloud's own clients.
func RegionEndpoint(region string) (endpoint string, known bool) {
	switch region {
	case "us":
		return "https://api.jumpcloud.com", true
	case "eu":
		return "https://api.eu.jumpcloud.com", true
	case "in":
		return "https://api.in.jumpcloud.com", true
	default:
		return "", false
	}
}

// KnownServices returns the values of "service" that JumpCloud's documents and clients name.
// The list is open: it serves to find misspelt names, never to refuse one.
func KnownServices() []string {
	return []string{
		"all",
		"access_certification", "access_management", "adbridge_user", "ai_admin", "aigw", "alert", "alerts",
		"asset_management", "di_events", "directory", "genai", "generic_di", "ldap", "mdm", "notifications",
		"object_storage", "pam", "password_manager", "password_vault", "radius", "reports",
		"saas_app_management", "software", "sso", "systems", "workflows",
	}
}
