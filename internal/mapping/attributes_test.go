// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

// requireAttributes compares the attributes of a JSON text, without what is derived from them: the
// outcome that every record has, and the names of the actor and the device.
func requireAttributes(t *testing.T, text string, expected map[string]any, dropped int) {
	t.Helper()
	record, counts := mapEvent(t, mapping.Settings{}, event(text))
	attributes := record.Attributes().AsRaw()
	for _, derived := range []string{"jumpcloud.event.outcome", "jumpcloud.actor.name", "jumpcloud.device.name"} {
		delete(attributes, derived)
	}
	if expected == nil {
		expected = map[string]any{}
	}
	assert.Equal(t, expected, attributes)
	assert.Equal(t, dropped, counts.DroppedAttributes)
	assert.Equal(t, dropped, int(record.DroppedAttributesCount()))
}

type attributesTest struct {
	event    string
	expected map[string]any
	dropped  int
}

func runAttributes(t *testing.T, tests map[string]attributesTest) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			requireAttributes(t, test.event, test.expected, test.dropped)
		})
	}
}

func TestAttributes_Actor(t *testing.T) {
	runAttributes(t, map[string]attributesTest{
		"as usual": {`{"initiated_by":{"id":"1","username":"ada","email":"ada@example.com","name":"Ada L.","type":"user"}}`, map[string]any{
			"user.id": "1", "user.name": "ada", "user.email": "ada@example.com", "user.full_name": "Ada L.", "jumpcloud.initiated_by.type": "user",
		}, 0},
		"only at the top": {`{"jc_initiated_by_id":"1","username":"ada","jc_initiated_by_email":"ada@example.com"}`, map[string]any{
			"user.id": "1", "user.name": "ada", "user.email": "ada@example.com",
		}, 0},
		"in both places, the same":        {`{"username":"ada","initiated_by":{"username":"ada"}}`, map[string]any{"user.name": "ada"}, 0},
		"in both places, first the other": {`{"username":"attempted","initiated_by":{"username":"ada"}}`, map[string]any{"user.name": "ada", "jumpcloud.username": "attempted"}, 0},
		"in both places, last the other":  {`{"initiated_by":{"username":"ada"},"username":"attempted"}`, map[string]any{"user.name": "ada", "jumpcloud.username": "attempted"}, 0},
		"the first is empty":              {`{"initiated_by":{"username":""},"username":"ada"}`, map[string]any{"user.name": "ada"}, 0},
		"an array":                        {`{"initiated_by":[{"id":"1","type":"user"},{"id":"2"},{}]}`, map[string]any{"user.id": "1", "jumpcloud.initiated_by.type": "user"}, 1},
		"an array that begins with null":  {`{"initiated_by":[null,{"id":"1"},{"id":"2"}]}`, map[string]any{"user.id": "1"}, 1},
		"an empty array":                  {`{"initiated_by":[]}`, nil, 0},
		"an array of texts":               {`{"initiated_by":["ada","grace"]}`, map[string]any{"user.name": "ada"}, 1},
		"a text":                          {`{"initiated_by":"ada"}`, map[string]any{"user.name": "ada"}, 0},
		"an address":                      {`{"initiated_by":"ada@example.com"}`, map[string]any{"user.email": "ada@example.com"}, 0},
		"an empty text":                   {`{"initiated_by":""}`, nil, 0},
		"a number":                        {`{"initiated_by":5}`, map[string]any{"jumpcloud.initiated_by_text": "5"}, 0},
		"a boolean field as text":         {`{"initiated_by":{"administrator":"True"}}`, map[string]any{"jumpcloud.initiated_by.administrator": true}, 0},
	})
}

func TestAttributes_Address(t *testing.T) {
	runAttributes(t, map[string]attributesTest{
		"client and device": {`{"client_ip":"192.0.2.1","src_ip":"2001:db8::1"}`, map[string]any{"client.address": "192.0.2.1", "source.address": "2001:db8::1"}, 0},
		"no address":        {`{"client_ip":"unknown"}`, map[string]any{"client.address": "unknown"}, 0},
		"coordinates as text": {`{"geoip":{"latitude":"45.84","longitude":" -9.1 "}}`, map[string]any{
			"geo.location.lat": 45.84, "geo.location.lon": -9.1,
		}, 0},
		"coordinates as integers": {`{"geoip":{"latitude":45,"longitude":0}}`, map[string]any{"geo.location.lat": 45.0, "geo.location.lon": 0.0}, 0},
		"coordinates that no double holds": {`{"geoip":{"latitude":9007199254740993,"longitude":"9007199254740992"}}`, map[string]any{
			"jumpcloud.geoip.latitude": "9007199254740993", "geo.location.lon": 9007199254740992.0,
		}, 0},
		"no coordinates": {`{"geoip":{"latitude":"north","longitude":"NaN"}}`, map[string]any{
			"jumpcloud.geoip.latitude": "north", "jumpcloud.geoip.longitude": "NaN",
		}, 0},
		"the region's code": {`{"geoip":{"region_code":"MA","country_code":"US","city":"Boston","postal_code":"02108"}}`, map[string]any{
			"geo.region.iso_code": "US-MA", "geo.country.iso_code": "US", "geo.locality.name": "Boston", "jumpcloud.geoip.postal_code": "02108",
		}, 0},
		"the region's whole code":           {`{"geoip":{"region_code":"US-MA","country_code":"US"}}`, map[string]any{"geo.region.iso_code": "US-MA", "geo.country.iso_code": "US"}, 0},
		"a region like its country":         {`{"geoip":{"region_code":"USX","country_code":"US"}}`, map[string]any{"geo.region.iso_code": "US-USX", "geo.country.iso_code": "US"}, 0},
		"a region without a country":        {`{"geoip":{"region_code":"MA"}}`, map[string]any{"jumpcloud.geoip.region_code": "MA"}, 0},
		"the older country":                 {`{"geoip":{"country_code2":"US"}}`, map[string]any{"geo.country.iso_code": "US"}, 0},
		"nested":                            {`{"geoip":{"geoip":{"country_code":"US","city_name":"Boston"}}}`, map[string]any{"geo.country.iso_code": "US", "geo.locality.name": "Boston"}, 0},
		"with a capital":                    {`{"Geoip":{"continent_code":"NA","isp":"Example"}}`, map[string]any{"geo.continent.code": "NA", "jumpcloud.geoip.isp": "Example"}, 0},
		"in two spellings that disagree":    {`{"Geoip":{"continent_code":"NA"},"geoip":{"continent_code":"EU"}}`, map[string]any{"geo.continent.code": "EU", "jumpcloud.geoip.continent_code": "NA"}, 0},
		"in two spellings, the other first": {`{"Geoip":{"timezone":"UTC"},"geoip":{"timezone":"CET"}}`, map[string]any{"jumpcloud.geoip.timezone": "CET"}, 1},
		"in two spellings, the other last":  {`{"geoip":{"timezone":"CET"},"Geoip":{"timezone":"UTC"}}`, map[string]any{"jumpcloud.geoip.timezone": "CET"}, 1},
		"a text":                            {`{"geoip":"Boston"}`, map[string]any{"jumpcloud.geoip_text": "Boston"}, 0},
		"of another device": {`{"auth_context":{"jumpcloud_protect_device":{"geoip":{"country_code":"US","latitude":"1.5"}}}}`, map[string]any{
			"jumpcloud.auth_context.jumpcloud_protect_device.geoip.country_code": "US",
			"jumpcloud.auth_context.jumpcloud_protect_device.geoip.latitude":     1.5,
		}, 0},
	})
}

func TestAttributes_UserAgent(t *testing.T) {
	runAttributes(t, map[string]attributesTest{
		"as usual": {`{"useragent":{"name":"Chrome","version":"114","os":"Mac OS X","os_name":"Mac OS X","os_version":"10.15","os_full":"Mac OS X 10.15","device":"Mac","major":"114"}}`, map[string]any{
			"user_agent.name": "Chrome", "user_agent.version": "114", "user_agent.os.name": "Mac OS X", "user_agent.os.version": "10.15",
		}, 0},
		"another name":      {`{"user_agent":{"browser":"Edge","os":"Android","raw":"Mozilla/5.0"}}`, map[string]any{"user_agent.name": "Edge", "user_agent.os.name": "Android", "user_agent.original": "Mozilla/5.0"}, 0},
		"the original text": {`{"useragent":{"original":"Mozilla/5.0"}}`, map[string]any{"user_agent.original": "Mozilla/5.0"}, 0},
		"a text":            {`{"useragent":"curl/8.5.0"}`, map[string]any{"user_agent.original": "curl/8.5.0"}, 0},
		"nested":            {`{"useragent":{"useragent":{"name":"curl"}}}`, map[string]any{"user_agent.name": "curl"}, 0},
		"something new":     {`{"useragent":{"engine":"Blink"}}`, map[string]any{"jumpcloud.useragent.engine": "Blink"}, 0},
	})
}

func TestAttributes_OfSomeServices(t *testing.T) {
	runAttributes(t, map[string]attributesTest{
		"device":                  {`{"system":{"hostname":"a.example.com","id":"5f","displayName":"a"},"process_name":"sshd"}`, map[string]any{"host.name": "a.example.com", "process.executable.name": "sshd", "jumpcloud.system.id": "5f", "jumpcloud.system.display_name": "a"}, 0},
		"device's other name":     {`{"system":{"host_name":"a.example.com"}}`, map[string]any{"host.name": "a.example.com"}, 0},
		"encryption":              {`{"tls_established":"FALSE","start_tls":true}`, map[string]any{"tls.established": false, "jumpcloud.start_tls": true}, 0},
		"the rule of an alert":    {`{"service":"alerts","rule_id":"5f"}`, map[string]any{"jumpcloud.service.name": "alerts", "security_rule.uuid": "5f"}, 0},
		"a rule of something":     {`{"service":"directory","rule_id":"5f"}`, map[string]any{"jumpcloud.service.name": "directory", "jumpcloud.rule_id": "5f"}, 0},
		"schema as a number":      {`{"@version":1}`, map[string]any{"jumpcloud.schema.version": "1"}, 0},
		"multi-factor, as object": {`{"mfa":true,"mfa_meta":{"type":"totp"}}`, map[string]any{"jumpcloud.mfa": true, "jumpcloud.mfa_meta.type": "totp"}, 0},
		"multi-factor, as text":   {`{"mfa_meta":"totp"}`, map[string]any{"jumpcloud.mfa_meta_text": "totp"}, 0},
		"command":                 {`{"command":{"payload":"PD94","request_type":"ProfileList"}}`, map[string]any{"jumpcloud.command.request_type": "ProfileList"}, 0},
	})
}

func TestAttributes_Changes(t *testing.T) {
	runAttributes(t, map[string]attributesTest{
		"names only": {`{"changes":[{"field":"mfa","from":"old_value","to":true},{"field":"name","from":{"a":1}},{"to":1}]}`, map[string]any{"jumpcloud.changed_fields": []any{"mfa", "name"}}, 0},
		"one change": {`{"changes":{"field":"mfa","to":true}}`, map[string]any{"jumpcloud.changed_fields": []any{"mfa"}}, 0},
		"names":      {`{"changes":["mfa","name"]}`, map[string]any{"jumpcloud.changed_fields": []any{"mfa", "name"}}, 0},
		"a name":     {`{"changes":"mfa"}`, map[string]any{"jumpcloud.changed_fields": []any{"mfa"}}, 0},
		"no names":   {`{"changes":[1,[2],null,{"field":3}]}`, nil, 2},
		"none":       {`{"changes":[]}`, nil, 0},
		"escaped":    {`{"changes":[{"f\u0069eld":"a\"b"}]}`, map[string]any{"jumpcloud.changed_fields": []any{`a"b`}}, 0},
		"repeated":   {`{"changes":[{"field":"a","field":"b"}]}`, map[string]any{"jumpcloud.changed_fields": []any{"b"}}, 0},
		"policies": {`{"auth_context":{"policies_applied":[{"name":"Global","metadata":{"action":"ALLOW"}},{"name":""}]}}`, map[string]any{
			"jumpcloud.auth_context.policy_names": []any{"Global"}, "jumpcloud.auth_context.policy_actions": []any{"ALLOW"},
		}, 0},
	})
}

func TestFault_P13_NewFieldsAreAttributesOfTheirType(t *testing.T) {
	runAttributes(t, map[string]attributesTest{
		"text":               {`{"new":"a"}`, map[string]any{"jumpcloud.new": "a"}, 0},
		"bool":               {`{"new":false}`, map[string]any{"jumpcloud.new": false}, 0},
		"integer":            {`{"new":9007199254740993}`, map[string]any{"jumpcloud.new": int64(9007199254740993)}, 0},
		"largest integer":    {`{"new":9223372036854775807}`, map[string]any{"jumpcloud.new": int64(9223372036854775807)}, 0},
		"smallest integer":   {`{"new":-9223372036854775808}`, map[string]any{"jumpcloud.new": int64(-9223372036854775808)}, 0},
		"past an int64":      {`{"new":9223372036854775808}`, map[string]any{"jumpcloud.new": "9223372036854775808"}, 0},
		"decimal":            {`{"new":-1.25}`, map[string]any{"jumpcloud.new": -1.25}, 0},
		"exponent":           {`{"new":1E3}`, map[string]any{"jumpcloud.new": 1000.0}, 0},
		"past a float64":     {`{"new":1e400}`, map[string]any{"jumpcloud.new": "1e400"}, 0},
		"below a float64":    {`{"new":1e-400}`, map[string]any{"jumpcloud.new": "1e-400"}, 0},
		"zero":               {`{"new":0.00e5}`, map[string]any{"jumpcloud.new": 0.0}, 0},
		"texts":              {`{"new":["a","","b"]}`, map[string]any{"jumpcloud.new": []any{"a", "", "b"}}, 0},
		"numbers":            {`{"new":[1,2]}`, nil, 1},
		"mixed":              {`{"new":["a",1]}`, nil, 1},
		"objects":            {`{"new":[{"a":1}]}`, nil, 1},
		"nothing":            {`{"a":null,"b":"","c":{},"d":[],"e":{ },"f":[ ]}`, nil, 0},
		"object":             {`{"new":{"aField":{"b":1}}}`, map[string]any{"jumpcloud.new.a_field.b": int64(1)}, 0},
		"escapes":            {`{"new":"a\u0000\ud800\"\\\/"}`, map[string]any{"jumpcloud.new": "a\x00\uFFFD\"\\/"}, 0},
		"spaces":             {" {\n\t\"new\" : [ \"a\" , \"b\" ] ,\r \"other\" : 1 }\n", map[string]any{"jumpcloud.new": []any{"a", "b"}, "jumpcloud.other": int64(1)}, 0},
		"all that are there": {`{"one":1,"two":{"three":"3","four":[4]}}`, map[string]any{"jumpcloud.one": int64(1), "jumpcloud.two.three": "3"}, 1},
	})
}

func TestAttributes_KnownKeysKeepTheirType(t *testing.T) {
	runAttributes(t, map[string]attributesTest{
		"bool from text":        {`{"mfa":"TRUE","success":"False"}`, map[string]any{"jumpcloud.mfa": true, "jumpcloud.success": false, "error.type": "_OTHER"}, 0},
		"bool from another":     {`{"mfa":"required"}`, map[string]any{"jumpcloud.mfa_text": "required"}, 0},
		"bool from a number":    {`{"mfa":1,"tls_established":1}`, map[string]any{"jumpcloud.mfa_text": "1", "jumpcloud.tls_established": "1"}, 0},
		"bool from a list":      {`{"mfa":["totp"]}`, map[string]any{"jumpcloud.mfa_list": []any{"totp"}}, 0},
		"bool from an object":   {`{"mfa":{"type":"totp"}}`, map[string]any{"jumpcloud.mfa_object.type": "totp"}, 0},
		"int from text":         {`{"deref":"3"}`, map[string]any{"jumpcloud.deref": int64(3)}, 0},
		"int from a decimal":    {`{"deref":3.0}`, map[string]any{"jumpcloud.deref": int64(3)}, 0},
		"int from a fraction":   {`{"deref":3.5}`, map[string]any{"jumpcloud.deref_text": "3.5"}, 0},
		"int past a float64":    {`{"deref":9007199254740993.0}`, map[string]any{"jumpcloud.deref_text": "9007199254740993.0"}, 0},
		"int past an int64":     {`{"total_space_used":9223372036854775808}`, map[string]any{"jumpcloud.total_space_used_text": "9223372036854775808"}, 0},
		"int past all ints":     {`{"deref":1e300}`, map[string]any{"jumpcloud.deref_text": "1e300"}, 0},
		"int from a bool":       {`{"deref":true}`, map[string]any{"jumpcloud.deref_text": "true"}, 0},
		"text from a number":    {`{"connection_id":1044,"id":5e3,"error_code":-0}`, map[string]any{"jumpcloud.connection_id": "1044", "log.record.uid": "5e3", "jumpcloud.error.code": "-0"}, 0},
		"text from a bool":      {`{"provider":false}`, map[string]any{"jumpcloud.provider": "false"}, 0},
		"text from a list":      {`{"provider":["a"],"client_ip":["192.0.2.1"]}`, map[string]any{"jumpcloud.provider_list": []any{"a"}, "jumpcloud.client_ip_list": []any{"192.0.2.1"}}, 0},
		"text from an object":   {`{"provider":{"id":1,"of":{"x":2}}}`, map[string]any{"jumpcloud.provider_object.id": int64(1), "jumpcloud.provider_object.of.x": int64(2)}, 0},
		"list from a text":      {`{"resource":{"resources":"users"}}`, map[string]any{"jumpcloud.resource.resources": []any{"users"}}, 0},
		"list from numbers":     {`{"resource":{"resources":[1]}}`, nil, 1},
		"object from a list":    {`{"geoip":["a"]}`, map[string]any{"jumpcloud.geoip_list": []any{"a"}}, 0},
		"another case":          {`{"MFA":"true","clientIp":"192.0.2.1","Event_Type":"x","Organization":"5f","Timestamp":"now"}`, map[string]any{"jumpcloud.mfa": true, "client.address": "192.0.2.1", "jumpcloud.event.type": "x", "jumpcloud.organization_text": "5f", "jumpcloud.timestamp_text": "now"}, 0},
		"another case first":    {`{"ClientIp":"192.0.2.2","client_ip":"192.0.2.1"}`, map[string]any{"client.address": "192.0.2.1", "jumpcloud.client_ip": "192.0.2.2"}, 0},
		"two other cases":       {`{"ClientIp":"192.0.2.1","clientIP":"192.0.2.2"}`, map[string]any{"client.address": "192.0.2.1", "jumpcloud.client_ip": "192.0.2.2"}, 0},
		"another case last":     {`{"client_ip":"192.0.2.1","ClientIp":"192.0.2.2"}`, map[string]any{"client.address": "192.0.2.1", "jumpcloud.client_ip": "192.0.2.2"}, 0},
		"snake case of a known": {`{"system":{"display_name":5}}`, map[string]any{"jumpcloud.system.display_name": "5"}, 0},
	})
}

func TestAttributes_Keys(t *testing.T) {
	runAttributes(t, map[string]attributesTest{
		"humps":                     {`{"displayName":1,"DNSName":2,"userID":3,"sha256Sum":4}`, map[string]any{"jumpcloud.display_name": int64(1), "jumpcloud.dns_name": int64(2), "jumpcloud.user_id": int64(3), "jumpcloud.sha256_sum": int64(4)}, 0},
		"other characters":          {`{"_a - b.c_":1,"a__b":2}`, map[string]any{"jumpcloud.a_b_c": int64(1), "jumpcloud.a_b": int64(2)}, 0},
		"a digit first":             {`{"2fa":1,"x":{"9":2}}`, map[string]any{"jumpcloud.n_2fa": int64(1), "jumpcloud.x.n_9": int64(2)}, 0},
		"nothing left":              {`{"日本":1,"":2,"-":{"a":3,"b":4}}`, nil, 4},
		"the exact name wins":       {`{"display_name":"exact","displayName":"other"}`, map[string]any{"jumpcloud.display_name": "exact"}, 1},
		"the exact name wins later": {`{"displayName":"other","display_name":"exact"}`, map[string]any{"jumpcloud.display_name": "exact"}, 1},
		"of known fields too":       {`{"resource":{"displayName":"other","display_name":"exact"}}`, map[string]any{"jumpcloud.resource.display_name": "exact"}, 1},
		"else the first wins":       {`{"aB":"first","A_b":"second"}`, map[string]any{"jumpcloud.a_b": "first"}, 1},
		"beside a known one":        {`{"application":{"displayLabel":"other","display_label":"exact"}}`, map[string]any{"jumpcloud.application.display_label": "exact"}, 1},
		"beside a known one, last":  {`{"application":{"display_label":"exact","displayLabel":"other"}}`, map[string]any{"jumpcloud.application.display_label": "exact"}, 1},
		"below a known one":         {`{"Application":{"display_label":"other"},"application":{"display_label":"exact"}}`, map[string]any{"jumpcloud.application.display_label": "exact"}, 1},
		"below a known one, last":   {`{"application":{"display_label":"exact"},"Application":{"display_label":"other"}}`, map[string]any{"jumpcloud.application.display_label": "exact"}, 1},
		"the same value":            {`{"displayName":"same","display_name":"same"}`, map[string]any{"jumpcloud.display_name": "same"}, 0},
		"no key below another":      {`{"aB":{"x":1,"y":2},"a_b":"exact"}`, map[string]any{"jumpcloud.a_b": "exact"}, 2},
		"no key above another":      {`{"aB":"other","a_b":{"x":1,"y":2}}`, map[string]any{"jumpcloud.a_b.x": int64(1), "jumpcloud.a_b.y": int64(2)}, 1},
		"curated keys are taken":    {`{"event":{"type":"a"},"error":{"code":5},"schema":"b","changed_fields":"c","service":{"name":"d"},"oversize":true}`, map[string]any{"jumpcloud.event_object.type": "a", "jumpcloud.error_object.code": int64(5), "jumpcloud.schema_text": "b", "jumpcloud.changed_fields_text": "c", "jumpcloud.service_object.name": "d", "jumpcloud.oversize_text": "true"}, 0},
		"the same value twice":      {`{"aB":1,"a_b":1,"AB":2}`, map[string]any{"jumpcloud.a_b": int64(1), "jumpcloud.ab": int64(2)}, 0},
		"six names":                 {`{"a":{"b":{"c":{"d":{"e":{"f":1,"g":{"h":2},"i":{}}}}}}}`, map[string]any{"jumpcloud.a.b.c.d.e.f": int64(1)}, 1},
	})
}

func TestAttributes_OfRepeatedNamesTheLastCounts(t *testing.T) {
	runAttributes(t, map[string]attributesTest{
		"known":               {`{"id":"1","id":"2"}`, map[string]any{"log.record.uid": "2"}, 0},
		"new":                 {`{"a":1,"a":2}`, map[string]any{"jumpcloud.a": int64(2)}, 0},
		"escaped":             {`{"a":1,"\u0061":2}`, map[string]any{"jumpcloud.a": int64(2)}, 0},
		"nothing":             {`{"a":1,"a":null,"mfa":true,"mfa":""}`, nil, 0},
		"objects":             {`{"a":{"b":1},"a":{"c":2},"geoip":{"city":"A"},"geoip":{"country_code":"US"}}`, map[string]any{"jumpcloud.a.c": int64(2), "geo.country.iso_code": "US"}, 0},
		"another type":        {`{"a":{"b":1},"a":2,"c":3,"c":{"d":4}}`, map[string]any{"jumpcloud.a": int64(2), "jumpcloud.c.d": int64(4)}, 0},
		"nested":              {`{"a":{"b":{"c":1,"c":2}}}`, map[string]any{"jumpcloud.a.b.c": int64(2)}, 0},
		"deep in the actor":   {`{"initiated_by":[{"a":{"b":{"c":{"d":{"e":1,"e":2}}}}}]}`, map[string]any{"jumpcloud.initiated_by.a.b.c.d.e": int64(2)}, 0},
		"in the actor":        {`{"initiated_by":[{"id":"1","id":"2"}]}`, map[string]any{"user.id": "2"}, 0},
		"outcome":             {`{"success":false,"success":true}`, map[string]any{"jumpcloud.success": true}, 0},
		"what does not count": {`{"error_message":"x","error_message":"","a":["x",1],"a":"y"}`, map[string]any{"jumpcloud.a": "y"}, 0},
	})
}
