// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/mapping"
)

func TestOutcome(t *testing.T) {
	tests := map[string]string{
		`{"success":true}`:                       "success",
		`{"success":"TRUE"}`:                     "success",
		`{"success":false}`:                      "failure",
		`{"success":"false"}`:                    "failure",
		`{"success":null}`:                       "unknown",
		`{"success":"maybe"}`:                    "unknown",
		`{}`:                                     "unknown",
		`{"success":true,"error_message":"but"}`: "success",
		`{"success":true,"sso_token_success":false}`:       "success",
		`{"success":null,"sso_token_success":true}`:        "success",
		`{"sso_token_success":true,"error_message":""}`:    "success",
		`{"sso_token_success":false,"error_message":"no"}`: "failure",
		// A login that waits for a second factor.
		`{"sso_token_success":false,"error_message":""}`:   "unknown",
		`{"sso_token_success":false,"error_message":null}`: "unknown",
		`{"sso_token_success":false}`:                      "unknown",
		`{"service":"mdm","status":"Acknowledged"}`:        "success",
		`{"service":"mdm","status":"Error"}`:               "failure",
		`{"service":"mdm","status":"CommandFormatError"}`:  "failure",
		`{"service":"mdm","status":"Idle"}`:                "unknown",
		`{"status":"Error","service":"mdm"}`:               "failure",
		`{"service":"systems","status":"Error"}`:           "unknown",
		`{"service":"mdm","error_chain":[{"code":1}]}`:     "failure",
		`{"service":"mdm","error_chain":[]}`:               "unknown",
		`{"service":"mdm","error_chain":null}`:             "unknown",
		`{"error_message":"refused"}`:                      "failure",
		`{"error_message":{}}`:                             "unknown",
		`{"error_message":{"text":"refused"}}`:             "failure",
		`{"error_message":["refused"]}`:                    "failure",
		`{"error_message":""}`:                             "unknown",
		`{"error_code":5}`:                                 "unknown",
	}
	for text, expected := range tests {
		t.Run(text, func(t *testing.T) {
			attributes := attributesOf(t, text)
			assert.Equal(t, expected, attributes["jumpcloud.event.outcome"])
			assert.Equal(t, expected == "failure", attributes["error.type"] != nil, "error.type is there on failure only")
		})
	}
}

// A message past the cap is in no attribute, and yet a failure.
func TestOutcome_LongErrorMessage(t *testing.T) {
	record, counts := mapEvent(t, mapping.Settings{}, event(`{"error_message":"`+strings.Repeat("x", 5000)+`"}`))
	assert.Equal(t, map[string]any{
		"jumpcloud.event.outcome": "failure", "error.type": "_OTHER",
	}, record.Attributes().AsRaw())
	assert.Equal(t, 1, counts.DroppedAttributes)
}

func TestErrorType(t *testing.T) {
	tests := map[string]string{
		`{"success":false}`:                                                 "_OTHER",
		`{"success":false,"error_code":0}`:                                  "_OTHER",
		`{"success":false,"error_code":""}`:                                 "_OTHER",
		`{"success":false,"error_code":49}`:                                 "49",
		`{"success":false,"error_code":"ACCESS_DENIED"}`:                    "ACCESS_DENIED",
		`{"success":false,"error_code":"it did not work"}`:                  "_OTHER",
		`{"success":false,"error_code":"` + strings.Repeat("x", 65) + `"}`:  "_OTHER",
		`{"success":false,"error_code":1.50}`:                               "1.50",
		`{"error_message":"access denied for ada@example.com"}`:             "_OTHER",
		`{"service":"mdm","status":"Error","error_chain":[{"code":12021}]}`: "_OTHER",
	}
	for text, expected := range tests {
		t.Run(text, func(t *testing.T) {
			assert.Equal(t, expected, attributesOf(t, text)["error.type"])
		})
	}
}

func TestSeverity(t *testing.T) {
	tests := map[string]struct {
		number plog.SeverityNumber
		text   string
	}{
		`{"success":true}`:                      {plog.SeverityNumberInfo, "INFO"},
		`{"success":false}`:                     {plog.SeverityNumberWarn, "WARN"},
		`{}`:                                    {plog.SeverityNumberInfo, "INFO"},
		`{"service":"alerts","severity":"Low"}`: {plog.SeverityNumberInfo, "Low"},
		`{"service":"alerts","severity":"Medium"}`:                          {plog.SeverityNumberWarn, "Medium"},
		`{"service":"alerts","severity":"High"}`:                            {plog.SeverityNumberError, "High"},
		`{"service":"alert","severity":"critical"}`:                         {plog.SeverityNumberError2, "critical"},
		`{"severity":"High","service":"alerts"}`:                            {plog.SeverityNumberError, "High"},
		`{"service":"alerts","severity":"Urgent"}`:                          {plog.SeverityNumberInfo, "INFO"},
		`{"service":"alerts","severity":"Urgent","success":false}`:          {plog.SeverityNumberWarn, "WARN"},
		`{"service":"directory","severity":"High"}`:                         {plog.SeverityNumberInfo, "INFO"},
		`{"service":"alerts","severity":"Low","success":false}`:             {plog.SeverityNumberInfo, "Low"},
		`{"service":"alerts","severity":4}`:                                 {plog.SeverityNumberInfo, "INFO"},
		`{"service":"alerts","priority":"LOW"}`:                             {plog.SeverityNumberInfo, "LOW"},
		`{"service":"alert","priority":"medium"}`:                           {plog.SeverityNumberWarn, "medium"},
		`{"priority":"High","service":"alerts"}`:                            {plog.SeverityNumberError, "High"},
		`{"service":"alerts","priority":"Critical","severity":""}`:          {plog.SeverityNumberError2, "Critical"},
		`{"service":"alerts","priority":"Critical","severity":null}`:        {plog.SeverityNumberError2, "Critical"},
		`{"service":"alerts","priority":"Critical","severity":"Low"}`:       {plog.SeverityNumberInfo, "Low"},
		`{"service":"alerts","severity":"Informational","priority":"High"}`: {plog.SeverityNumberInfo, "INFO"},
		`{"service":"alerts","priority":"urgent"}`:                          {plog.SeverityNumberInfo, "INFO"},
		`{"service":"directory","priority":"High"}`:                         {plog.SeverityNumberInfo, "INFO"},
	}
	for text, expected := range tests {
		t.Run(text, func(t *testing.T) {
			record, _ := mapEvent(t, mapping.Settings{}, event(text))
			assert.Equal(t, expected.number, record.SeverityNumber())
			assert.Equal(t, expected.text, record.SeverityText())
		})
	}
}
