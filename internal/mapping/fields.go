// SPDX-License-Identifier: Apache-2.0

package mapping

import semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

// SchemaURL is the version of the semantic conventions that the keys follow.
const SchemaURL = semconv.SchemaURL

// kind is the type that a known key always has.
type kind uint8

const (
	kindString kind = iota
	kindBool
	kindInt
	kindDouble
	kindStrings
)

// slot is a key that several fields may fill: the one with the lowest rank that is not empty wins.
type slot uint8

const (
	slotNone slot = iota
	slotUID
	slotService
	slotEventType
	slotUserID
	slotUserName
	slotUserEmail
	slotUserFullName
	slotClientAddress
	slotSourceAddress
	slotCountry
	slotRegion
	slotContinent
	slotLocality
	slotLatitude
	slotLongitude
	slotAgentOriginal
	slotAgentName
	slotAgentVersion
	slotAgentOSName
	slotAgentOSVersion
	slotHostName
	slotProcessName
	slotTLSEstablished
	slotRule
	slotErrorCode
	slotErrorMessage
	slotSchemaVersion
	slotCount
)

// slotKeys are the keys of the slots, in the order in which they are written.
var slotKeys = [slotCount]struct {
	key  string
	kind kind
}{
	slotUID:            {string(semconv.LogRecordUIDKey), kindString},
	slotService:        {"jumpcloud.service.name", kindString},
	slotEventType:      {"jumpcloud.event.type", kindString},
	slotUserID:         {string(semconv.UserIDKey), kindString},
	slotUserName:       {string(semconv.UserNameKey), kindString},
	slotUserEmail:      {string(semconv.UserEmailKey), kindString},
	slotUserFullName:   {string(semconv.UserFullNameKey), kindString},
	slotClientAddress:  {string(semconv.ClientAddressKey), kindString},
	slotSourceAddress:  {string(semconv.SourceAddressKey), kindString},
	slotCountry:        {string(semconv.GeoCountryISOCodeKey), kindString},
	slotRegion:         {string(semconv.GeoRegionISOCodeKey), kindString},
	slotContinent:      {"geo.continent.code", kindString},
	slotLocality:       {string(semconv.GeoLocalityNameKey), kindString},
	slotLatitude:       {string(semconv.GeoLocationLatKey), kindDouble},
	slotLongitude:      {string(semconv.GeoLocationLonKey), kindDouble},
	slotAgentOriginal:  {string(semconv.UserAgentOriginalKey), kindString},
	slotAgentName:      {string(semconv.UserAgentNameKey), kindString},
	slotAgentVersion:   {string(semconv.UserAgentVersionKey), kindString},
	slotAgentOSName:    {string(semconv.UserAgentOSNameKey), kindString},
	slotAgentOSVersion: {string(semconv.UserAgentOSVersionKey), kindString},
	slotHostName:       {string(semconv.HostNameKey), kindString},
	slotProcessName:    {string(semconv.ProcessExecutableNameKey), kindString},
	slotTLSEstablished: {string(semconv.TLSEstablishedKey), kindBool},
	slotRule:           {string(semconv.SecurityRuleUUIDKey), kindString},
	slotErrorCode:      {"jumpcloud.error.code", kindString},
	slotErrorMessage:   {"jumpcloud.error.message", kindString},
	slotSchemaVersion:  {"jumpcloud.schema.version", kindString},
}

// The keys that are derived from more than one field, or written for other reasons.
const (
	keyErrorType         = string(semconv.ErrorTypeKey)
	keyOutcome           = "jumpcloud.event.outcome"
	keyChangedFields     = "jumpcloud.changed_fields"
	keyPolicyNames       = "jumpcloud.auth_context.policy_names"
	keyTimestamp         = "jumpcloud.timestamp"
	keyOversize          = "jumpcloud.oversize"
	keyOrganizationID    = "jumpcloud.organization.id"
	keyOrganizationName  = "jumpcloud.organization.name"
	keyOtherOrganization = "jumpcloud.organization_text"
)

// field is what is known of a path of an event.
type field struct {
	// slot is the curated key, or slotNone where the key is jumpcloud. and the path.
	slot slot
	rank uint8
	kind kind
	// role says what else the field decides.
	role role
	// key is the key by the rule: of a curated field it is used for what does not fit or lost
	// against a field of a lower rank.
	key string
}

// role marks fields that decide more than an attribute.
type role uint8

const (
	roleNone role = iota
	// roleBody leaves the field to the body.
	roleBody
	roleSuccess
	roleSSOSuccess
	roleStatus
	roleSeverity
	roleErrorChain
	// roleChanges and rolePolicies are arrays of objects of which one name each is kept.
	roleChanges
	rolePolicies
	// roleActor is initiated_by, which may be an object, an array of them, or a text.
	roleActor
	// roleAgent is useragent, which may be an object or a text.
	roleAgent
	roleTimestamp
	roleOrganization
)

// knownFields is the table of all known fields by their path. Adding a field is one line.
var knownFields = withKeys(map[string]field{
	"id":           {slot: slotUID},
	"service":      {slot: slotService},
	"event_type":   {slot: slotEventType},
	"timestamp":    {role: roleTimestamp},
	"organization": {role: roleOrganization},
	"@version":     {slot: slotSchemaVersion},

	"initiated_by":                      {role: roleActor},
	"initiated_by.id":                   {slot: slotUserID},
	"jc_initiated_by_id":                {slot: slotUserID, rank: 1},
	"initiated_by.username":             {slot: slotUserName},
	"username":                          {slot: slotUserName, rank: 1},
	"initiated_by.email":                {slot: slotUserEmail},
	"jc_initiated_by_email":             {slot: slotUserEmail, rank: 1},
	"initiated_by.name":                 {slot: slotUserFullName},
	"initiated_by.administrator":        {kind: kindBool},
	"initiated_by.provider":             {},
	"initiated_by.source":               {},
	"initiated_by.source_metadata.name": {},
	"initiated_by.type":                 {},
	"initiated_by.user_id":              {},

	"client_ip":            {slot: slotClientAddress},
	"src_ip":               {slot: slotSourceAddress},
	"geoip.country_code":   {slot: slotCountry},
	"geoip.country_code2":  {slot: slotCountry, rank: 1},
	"geoip.region_code":    {slot: slotRegion},
	"geoip.continent_code": {slot: slotContinent},
	"geoip.city":           {slot: slotLocality},
	"geoip.city_name":      {slot: slotLocality, rank: 1},
	"geoip.latitude":       {slot: slotLatitude},
	"geoip.longitude":      {slot: slotLongitude},
	"geoip.region_name":    {},
	"geoip.timezone":       {},
	"geoip.postal_code":    {},

	"useragent":            {role: roleAgent},
	"useragent.raw":        {slot: slotAgentOriginal},
	"useragent.original":   {slot: slotAgentOriginal, rank: 1},
	"useragent.name":       {slot: slotAgentName},
	"useragent.browser":    {slot: slotAgentName, rank: 1},
	"useragent.version":    {slot: slotAgentVersion},
	"useragent.os_name":    {slot: slotAgentOSName},
	"useragent.os":         {slot: slotAgentOSName, rank: 1},
	"useragent.os_version": {slot: slotAgentOSVersion},
	"useragent.build":      {role: roleBody},
	"useragent.device":     {role: roleBody},
	"useragent.major":      {role: roleBody},
	"useragent.minor":      {role: roleBody},
	"useragent.os_full":    {role: roleBody},
	"useragent.os_major":   {role: roleBody},
	"useragent.os_minor":   {role: roleBody},
	"useragent.os_patch":   {role: roleBody},
	"useragent.patch":      {role: roleBody},

	"success":           {kind: kindBool, role: roleSuccess},
	"sso_token_success": {kind: kindBool, role: roleSSOSuccess},
	"status":            {role: roleStatus},
	"severity":          {role: roleSeverity},
	"error_chain":       {role: roleErrorChain},
	"error_code":        {slot: slotErrorCode},
	"error_message":     {slot: slotErrorMessage},
	"changes":           {role: roleChanges},
	"rule_id":           {slot: slotRule},

	"access_request_id":      {},
	"auth_method":            {},
	"category":               {},
	"correlation.id":         {},
	"correlation.type":       {},
	"description":            {},
	"detail":                 {},
	"idm_client_id":          {},
	"message":                {},
	"name":                   {},
	"pid":                    {},
	"previous_state":         {},
	"provider":               {},
	"result":                 {},
	"state":                  {},
	"target_resource.type":   {},
	"type":                   {},
	"alert_id":               {},
	"alert_title":            {},
	"event_description":      {},
	"priority":               {},
	"di_event.event_type":    {},
	"jc_transformation_ts":   {},
	"testing_event":          {kind: kindBool},
	"asn.number":             {kind: kindInt},
	"asn.organization":       {},
	"system_timestamp":       {},
	"channel_object_id":      {},
	"referrer_object_id":     {},
	"referrer_type":          {},
	"system_object_id":       {},
	"system_group.name":      {},
	"system_group.type":      {},
	"workflow.desc":          {},
	"workflow.id":            {},
	"workflow.name":          {},
	"workflow.type":          {},
	"system_group.object_id": {},

	"message_chain.message_details":  {},
	"message_chain.response_code":    {},
	"message_chain.response_message": {},

	"mfa":           {kind: kindBool},
	"mfa_meta.type": {},

	"auth_context.policies_applied":                              {role: rolePolicies},
	"auth_context.auth_methods.duo.success":                      {kind: kindBool},
	"auth_context.auth_methods.jumpcloud_go.success":             {kind: kindBool},
	"auth_context.auth_methods.jumpcloud_go_uv.success":          {kind: kindBool},
	"auth_context.auth_methods.jumpcloud_protect.success":        {kind: kindBool},
	"auth_context.auth_methods.password.success":                 {kind: kindBool},
	"auth_context.auth_methods.totp.success":                     {kind: kindBool},
	"auth_context.auth_methods.webauthn.success":                 {kind: kindBool},
	"auth_context.jumpcloud_protect_device.app_version":          {},
	"auth_context.jumpcloud_protect_device.geoip.country_code":   {},
	"auth_context.jumpcloud_protect_device.geoip.continent_code": {},
	"auth_context.jumpcloud_protect_device.geoip.latitude":       {kind: kindDouble},
	"auth_context.jumpcloud_protect_device.geoip.longitude":      {kind: kindDouble},
	"auth_context.jumpcloud_protect_device.geoip.region_code":    {},
	"auth_context.jumpcloud_protect_device.geoip.region_name":    {},
	"auth_context.jumpcloud_protect_device.geoip.timezone":       {},
	"auth_context.jumpcloud_protect_device.id":                   {},
	"auth_context.jumpcloud_protect_device.ip":                   {},
	"auth_context.jumpcloud_protect_device.make":                 {},
	"auth_context.jumpcloud_protect_device.model":                {},
	"auth_context.jumpcloud_protect_device.os":                   {},
	"auth_context.jumpcloud_protect_device.os_version":           {},
	"auth_context.jumpcloud_protect_device.user_id":              {},
	"auth_context.jumpcloud_protect_device.username":             {},
	"auth_context.system.displayName":                            {},
	"auth_context.system.hostname":                               {},
	"auth_context.system.id":                                     {},
	"auth_context.system.os":                                     {},
	"auth_context.system.version":                                {},

	"application.display_label":    {},
	"application.display_name":     {},
	"application.id":               {},
	"application.name":             {},
	"application.package_manager":  {},
	"application.path":             {},
	"application.publisher":        {},
	"application.sso_type":         {},
	"application.sso_url":          {},
	"application.uninstall_string": {},
	"application.version":          {},
	"app_management_source":        {},
	"idp_initiated":                {kind: kindBool},

	"auth_type":           {},
	"eap_type":            {},
	"nas_mfa_state":       {},
	"outer.eap_type":      {},
	"outer.error_message": {},
	"outer.username":      {},
	"auth_meta.auth_idp":  {},
	"auth_meta.auth_methods.password.success": {kind: kindBool},
	"auth_meta.device_cert_enabled":           {kind: kindBool},
	"auth_meta.user_cert_enabled":             {kind: kindBool},
	"auth_meta.user_password_enabled":         {kind: kindBool},
	"auth_meta.userid_type":                   {},

	"attr":              {},
	"base":              {},
	"connection_id":     {},
	"deref":             {kind: kindInt},
	"dn":                {},
	"filter":            {},
	"mech":              {},
	"number_of_results": {kind: kindInt},
	"oid":               {},
	"operation_number":  {kind: kindInt},
	"operation_type":    {},
	"scope":             {kind: kindInt},
	"start_tls":         {kind: kindBool},
	"tls_established":   {slot: slotTLSEstablished},

	"process_name":            {slot: slotProcessName},
	"repeat_count":            {kind: kindInt},
	"scan_initiated":          {},
	"src_geoip.country_code":  {},
	"src_geoip.region_code":   {},
	"system.displayName":      {},
	"system.host_name":        {slot: slotHostName, rank: 1},
	"system.hostname":         {slot: slotHostName},
	"system.id":               {},
	"system.type":             {},
	"windows_meta.elevated":   {kind: kindBool},
	"windows_meta.logon_type": {},

	"association.action_source":             {},
	"association.connection.from.name":      {},
	"association.connection.from.object_id": {},
	"association.connection.from.type":      {},
	"association.connection.to.name":        {},
	"association.connection.to.object_id":   {},
	"association.connection.to.type":        {},
	"association.email":                     {},
	"association.id":                        {},
	"association.op":                        {},
	"association.type":                      {},

	"command.payload":          {role: roleBody},
	"command.request_type":     {},
	"command_uuid":             {},
	"device_manager_object_id": {},
	"device_object_id":         {},
	"mdm_device_id":            {},
	"mdm_device_manager_id":    {},
	"mdm_type":                 {},
	"os_meta_family":           {},
	"request_type":             {},
	"windows_device_uuid":      {},

	"object_storage_item_object_id":           {},
	"object_storage_item_version_name":        {},
	"object_storage_item_version_object_id":   {},
	"object_storage_item_version_sha_256_sum": {},
	"object_storage_item_version_size":        {kind: kindInt},
	"total_software_item_count":               {kind: kindInt},
	"total_space_used":                        {kind: kindInt},
	"resource.resources":                      {kind: kindStrings},
	"resource.account_email":                  {},
	"resource.account_id":                     {},
	"resource.account_identifier":             {},
	"resource.app_id":                         {},
	"resource.app_name":                       {},
	"resource.application_category":           {},
	"resource.application_id":                 {},
	"resource.application_name":               {},
	"resource.asset_type":                     {},
	"resource.context":                        {},
	"resource.description":                    {},
	"resource.discovery_info.browser_type":    {},
	"resource.displayLabel":                   {},
	"resource.displayName":                    {},
	"resource.display_name":                   {},
	"resource.email":                          {},
	"resource.email_type":                     {},
	"resource.hostname":                       {},
	"resource.id":                             {},
	"resource.login_type":                     {},
	"resource.meta_data.trigger_source":       {},
	"resource.model":                          {},
	"resource.name":                           {},
	"resource.policy_id":                      {},
	"resource.policy_name":                    {},
	"resource.policy_template_id":             {},
	"resource.policy_template_name":           {},
	"resource.recipient_email":                {},
	"resource.reference_id":                   {},
	"resource.serial":                         {},
	"resource.source_id":                      {},
	"resource.source_type":                    {},
	"resource.status":                         {},
	"resource.type":                           {},
	"resource.user_id":                        {},
	"resource.username":                       {},
})

// knownObjects are the paths of objects on the way to known fields: a scalar in their place
// would make their key a prefix of others.
var knownObjects = objectsOf(knownFields)

// reservedNames are the first segments of curated keys. An unknown field of such a name gets
// a key of its own.
var reservedNames = map[string]struct{}{
	"event": {}, "error": {}, "schema": {}, "organization": {}, "changed_fields": {}, "oversize": {}, "timestamp": {}, "service": {},
}
