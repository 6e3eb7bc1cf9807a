// SPDX-License-Identifier: Apache-2.0

package mapping

// field is what is known of a path of an event.
type field struct {
	// slot is the curated key, or slotNone where the key is jumpcloud. and the path.
	slot slot
	// rank orders the fields of one slot: 0 comes first.
	rank uint8
	// kind is the type of the key. A slot has its own.
	kind kind
	// role says what else the field decides.
	role role
}

// role marks fields that decide more than an attribute, or that come in more than one shape.
type role uint8

const (
	roleNone role = iota
	// roleBody leaves the field to the body.
	roleBody
	roleSuccess
	roleTokenSuccess
	roleStatus
	roleSeverity
	rolePriority
	// roleFailure is a field that only failures have, whatever its type.
	roleFailure
	// roleNames is an array of objects of which only the name is kept.
	roleNames
	// roleCountry is a country: its code, or its name.
	roleCountry
	roleServerTimestamp
	// Those from roleSystemName to roleResourceHost name a device: the first of them in this order.
	roleSystemName
	roleClientHost
	roleClientName
	roleResourceHost
	roleResourceType
	// roleActor is initiated_by: an object, an array of them, or a text.
	roleActor
	// roleAgent is useragent: an object or a text.
	roleAgent
	roleTimestamp
	// roleOrganization is in the resource.
	roleOrganization
)

// variants are the spellings of top-level objects that the API's documentation shows beside the
// usual one, among them the object wrapped in itself.
var variants = map[string][]string{
	"geoip":     {"geoip.geoip", "Geoip", "Geoip.geoip"},
	"useragent": {"useragent.useragent", "useragent.user_agent", "user_agent", "user_agent.useragent", "user_agent.user_agent"},
}

// synonyms are the paths that have the key of another one. They come after it.
var synonyms = map[string]string{"geoip.region": "geoip.region_name"}

// commonFields are the fields that events of several services have.
var commonFields = map[string]field{
	// The event.
	"id":                             {slot: slotUID},
	"service":                        {slot: slotService},
	"event_type":                     {slot: slotEventType},
	"timestamp":                      {slot: slotTimestamp, role: roleTimestamp},
	"server_timestamp":               {slot: slotServerTimestamp, role: roleServerTimestamp},
	"timestamp_source":               {slot: slotTimestampSource},
	"organization":                   {kind: kindNone, role: roleOrganization},
	"@version":                       {slot: slotSchemaVersion},
	"jc_transformation_ts":           {},
	"testing_event":                  {kind: kindBool},
	"correlation.id":                 {},
	"correlation.type":               {},
	"message_chain.message_details":  {},
	"message_chain.response_code":    {},
	"message_chain.response_message": {},

	// The actor.
	"initiated_by":                      {kind: kindNone, role: roleActor},
	"initiated_by.id":                   {slot: slotUserID},
	"initiated_by.username":             {slot: slotUserName},
	"initiated_by.email":                {slot: slotUserEmail},
	"initiated_by.name":                 {slot: slotUserFullName},
	"initiated_by.administrator":        {kind: kindBool},
	"initiated_by.provider":             {},
	"initiated_by.source":               {},
	"initiated_by.source_metadata.name": {},
	"initiated_by.type":                 {},
	"initiated_by.user_id":              {},
	"jc_initiated_by_id":                {slot: slotUserID, rank: 1},
	"jc_initiated_by_email":             {slot: slotUserEmail, rank: 1},
	"username":                          {slot: slotUserName, rank: 1},
	"auth_method":                       {},
	"idm_client_id":                     {},
	"provider":                          {},

	// The address.
	"client_ip":            {slot: slotClientAddress},
	"src_ip":               {slot: slotSourceAddress},
	"geoip.country_code":   {slot: slotCountry},
	"geoip.country_code2":  {slot: slotCountry, rank: 1},
	"geoip.country":        {slot: slotCountry, rank: 2, role: roleCountry},
	"geoip.region_code":    {slot: slotRegion},
	"geoip.continent_code": {slot: slotContinent},
	"geoip.city":           {slot: slotLocality},
	"geoip.city_name":      {slot: slotLocality, rank: 1},
	"geoip.latitude":       {slot: slotLatitude},
	"geoip.longitude":      {slot: slotLongitude},
	"geoip.region_name":    {},
	"geoip.region":         {rank: 1},
	"geoip.timezone":       {},
	"geoip.postal_code":    {},
	"asn.number":           {kind: kindInt},
	"asn.organization":     {},

	// The user agent.
	"useragent":            {kind: kindNone, role: roleAgent},
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

	// The result.
	"success":           {kind: kindBool, role: roleSuccess},
	"sso_token_success": {kind: kindBool, role: roleTokenSuccess},
	"status":            {role: roleStatus},
	"severity":          {role: roleSeverity},
	"error_chain":       {kind: kindNone, role: roleFailure},
	"error_code":        {slot: slotErrorCode},
	"error_message":     {slot: slotErrorMessage, role: roleFailure},
	"result":            {},
	"message":           {},
	"detail":            {},

	// The object.
	"changes":        {slot: slotChangedFields, role: roleNames},
	"name":           {},
	"type":           {},
	"description":    {},
	"category":       {},
	"previous_state": {},
	"state":          {},
	"rule_id":        {slot: slotRule},
	"idp_initiated":  {kind: kindBool},
}
