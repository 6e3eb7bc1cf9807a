// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
)

const (
	outcomeSuccess = "success"
	outcomeFailure = "failure"
	outcomeUnknown = "unknown"

	// errorTypeOther is the conventions' value for a failure without a code.
	errorTypeOther = "_OTHER"
	// maxErrorType keeps error.type from being free text.
	maxErrorType = 64
)

// outcome is the answer to "did it succeed", by one rule for all services.
func (f *found) outcome() string {
	message := f.slots[slotErrorMessage].value.text
	switch {
	case f.facts.success != nil:
		return outcomeOf(*f.facts.success)
	case f.facts.ssoSuccess != nil && !*f.facts.ssoSuccess && message == "":
		// A login that still waits for a second factor, and is completed by another event.
		return outcomeUnknown
	case f.facts.ssoSuccess != nil:
		return outcomeOf(*f.facts.ssoSuccess)
	case f.text(slotService) == "mdm" && f.facts.status != "":
		return commandOutcome(f.facts.status)
	case message != "" || f.facts.errorChain:
		return outcomeFailure
	default:
		return outcomeUnknown
	}
}

func outcomeOf(success bool) string {
	if success {
		return outcomeSuccess
	}
	return outcomeFailure
}

// commandOutcome reads the status of a device's answer to a management command.
func commandOutcome(status string) string {
	switch status {
	case "Acknowledged":
		return outcomeSuccess
	case "Error", "CommandFormatError":
		return outcomeFailure
	default:
		return outcomeUnknown
	}
}

// severity is an alert's own where it has one. A refused login is an expected result of a
// check and no fault of the directory, so a failure is a warning.
func (f *found) severity(outcome string) (plog.SeverityNumber, string) {
	if service := f.text(slotService); service == "alert" || service == "alerts" {
		if number := alertSeverity(f.facts.severity); number != plog.SeverityNumberUnspecified {
			return number, f.facts.severity
		}
	}
	if outcome == outcomeFailure {
		return plog.SeverityNumberWarn, "WARN"
	}
	return plog.SeverityNumberInfo, "INFO"
}

func alertSeverity(text string) plog.SeverityNumber {
	switch strings.ToLower(text) {
	case "low":
		return plog.SeverityNumberInfo
	case "medium":
		return plog.SeverityNumberWarn
	case "high":
		return plog.SeverityNumberError
	case "critical":
		return plog.SeverityNumberError2
	default:
		return plog.SeverityNumberUnspecified
	}
}

// errorType is the code of a failure where it can be one, and never free text.
func (f *found) errorType() string {
	code := f.text(slotErrorCode)
	if code == "" || code == "0" || len(code) > maxErrorType || strings.ContainsAny(code, " \t\r\n") {
		return errorTypeOther
	}
	return code
}

// region is the code of ISO 3166-2, for which JumpCloud sends the part after the country.
func (f *found) region() {
	region, country := &f.slots[slotRegion], f.text(slotCountry)
	switch {
	case region.field == nil || country != "" && strings.HasPrefix(region.value.text, country+"-"):
	case country == "":
		f.attributes = append(f.attributes, attribute{key: region.field.key, value: region.value})
		*region = filled{}
	default:
		region.value.text = country + "-" + region.value.text
	}
}

// rule keeps the id of a rule to alerts: elsewhere it means something else.
func (f *found) rule() {
	rule := &f.slots[slotRule]
	if service := f.text(slotService); rule.field != nil && service != "alert" && service != "alerts" {
		f.attributes = append(f.attributes, attribute{key: rule.field.key, value: rule.value})
		*rule = filled{}
	}
}

func (f *found) text(s slot) string { return f.slots[s].value.text }

// eventName is jumpcloud.<service>.<event_type>, each in snake case; "" without a type.
func eventName(service, eventType string) string {
	eventType = snakeCase(eventType)
	if eventType == "" {
		return ""
	}
	if service = snakeCase(service); service == "" {
		return keyPrefix + eventType
	}
	return keyPrefix + service + "." + eventType
}
