// SPDX-License-Identifier: Apache-2.0

package mapping

import semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

// SchemaURL is the version of the semantic conventions that the keys follow.
const SchemaURL = semconv.SchemaURL

// The keys of resources, and the prefix of all keys that no convention has.
const (
	keyPrefix           = "jumpcloud."
	keyOrganizationID   = keyPrefix + "organization.id"
	keyOrganizationName = keyPrefix + "organization.name"
	// KeyDelivery is the key of a resource that tells how its events came. Who delivers them sets it;
	// no field of an event has it.
	KeyDelivery = keyPrefix + "delivery"
	// KeyService is the key of a record that has the event's service.
	KeyService = keyPrefix + "service.name"
)

// slot is a curated key. Several fields may fill it: of those that are not empty the one with
// the lowest rank does.
type slot uint8

const (
	slotNone slot = iota
	slotUID
	slotService
	slotEventType
	slotOutcome
	slotErrorType
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
	slotChangedFields
	slotPolicyNames
	slotPolicyActions
	slotServerTimestamp
	slotTimestampSource
	slotActorName
	slotDeviceName
	slotSchemaVersion
	slotTimestamp
	slotOversize
	slotCount
)

// slots are the keys and types of the slots, in the order in which they are written.
var slots = [slotCount]struct {
	key  string
	kind kind
}{
	slotUID:             {string(semconv.LogRecordUIDKey), kindString},
	slotService:         {KeyService, kindString},
	slotEventType:       {"jumpcloud.event.type", kindString},
	slotOutcome:         {"jumpcloud.event.outcome", kindString},
	slotErrorType:       {string(semconv.ErrorTypeKey), kindString},
	slotUserID:          {string(semconv.UserIDKey), kindString},
	slotUserName:        {string(semconv.UserNameKey), kindString},
	slotUserEmail:       {string(semconv.UserEmailKey), kindString},
	slotUserFullName:    {string(semconv.UserFullNameKey), kindString},
	slotClientAddress:   {string(semconv.ClientAddressKey), kindString},
	slotSourceAddress:   {string(semconv.SourceAddressKey), kindString},
	slotCountry:         {string(semconv.GeoCountryISOCodeKey), kindString},
	slotRegion:          {string(semconv.GeoRegionISOCodeKey), kindString},
	slotContinent:       {string(semconv.GeoContinentCodeKey), kindString},
	slotLocality:        {string(semconv.GeoLocalityNameKey), kindString},
	slotLatitude:        {string(semconv.GeoLocationLatKey), kindDouble},
	slotLongitude:       {string(semconv.GeoLocationLonKey), kindDouble},
	slotAgentOriginal:   {string(semconv.UserAgentOriginalKey), kindString},
	slotAgentName:       {string(semconv.UserAgentNameKey), kindString},
	slotAgentVersion:    {string(semconv.UserAgentVersionKey), kindString},
	slotAgentOSName:     {string(semconv.UserAgentOSNameKey), kindString},
	slotAgentOSVersion:  {string(semconv.UserAgentOSVersionKey), kindString},
	slotHostName:        {string(semconv.HostNameKey), kindString},
	slotProcessName:     {string(semconv.ProcessExecutableNameKey), kindString},
	slotTLSEstablished:  {string(semconv.TLSEstablishedKey), kindBool},
	slotRule:            {string(semconv.SecurityRuleUUIDKey), kindString},
	slotErrorCode:       {"jumpcloud.error.code", kindString},
	slotErrorMessage:    {"jumpcloud.error.message", kindString},
	slotChangedFields:   {"jumpcloud.changed_fields", kindStrings},
	slotPolicyNames:     {"jumpcloud.auth_context.policy_names", kindStrings},
	slotPolicyActions:   {"jumpcloud.auth_context.policy_actions", kindStrings},
	slotServerTimestamp: {"jumpcloud.server_timestamp", kindString},
	slotTimestampSource: {"jumpcloud.timestamp_source", kindString},
	slotActorName:       {"jumpcloud.actor.name", kindString},
	slotDeviceName:      {"jumpcloud.device.name", kindString},
	slotSchemaVersion:   {"jumpcloud.schema.version", kindString},
	slotTimestamp:       {"jumpcloud.timestamp", kindString},
	slotOversize:        {"jumpcloud.oversize", kindBool},
}
