// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"cmp"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
)

const (
	outcomeSuccess = "success"
	outcomeFailure = "failure"
	outcomeUnknown = "unknown"

	// errorTypeOther is the conventions' value for a failure without a code.
	errorTypeOther = "_OTHER"
	// maxErrorType in bytes keeps error.type from being free text.
	maxErrorType = 64
)

// outcome is the answer to "did it succeed", by one rule for all services.
func (f *findings) outcome() string {
	switch {
	case f.evidence.success != verdictNone:
		return outcomeOf(f.evidence.success == verdictTrue)
	case f.evidence.tokenSuccess == verdictFalse && !f.evidence.failed && !f.evidence.denied:
		// Observed: a login that waits for a second factor, which another event completes.
		return outcomeUnknown
	case f.evidence.tokenSuccess != verdictNone:
		return outcomeOf(f.evidence.tokenSuccess == verdictTrue)
	case f.found.text(slotService) == "mdm" && f.evidence.status != "":
		return commandOutcome(f.evidence.status)
	case f.evidence.failed, f.evidence.denied:
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

// isAlert knows both spellings: documented are the service alerts and events of the service alert.
func (f *findings) isAlert() bool {
	service := f.found.text(slotService)
	return service == "alert" || service == "alerts"
}

// severity is an alert's own where it has one, or its priority where it has no severity. A
// refused login is an expected result of a check and no fault of the directory, so a failure is a
// warning.
func (f *findings) severity(outcome string) (plog.SeverityNumber, string) {
	if f.isAlert() {
		text := cmp.Or(f.evidence.severity, f.evidence.priority)
		if number := alertSeverity(text); number != plog.SeverityNumberUnspecified {
			return number, text
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
func (f *findings) errorType() string {
	code := f.found.text(slotErrorCode)
	if code == "" || code == "0" || len(code) > maxErrorType || strings.ContainsAny(code, " \t\r\n") {
		return errorTypeOther
	}
	return code
}

// region makes the code of ISO 3166-2 of the part after the country, which is what is sent.
func (f *findings) region() {
	region, country := f.found.text(slotRegion), f.found.text(slotCountry)
	switch {
	case region == "":
	case country == "":
		f.found.vacate(slotRegion)
	default:
		f.found.slots[slotRegion].value.text = f.regions.of(country, region, regionCode)
	}
}

func regionCode(country, region string) string {
	if strings.HasPrefix(region, country+"-") {
		return region
	}
	return country + "-" + region
}

// rule keeps the id of a security rule to alerts: elsewhere it means something else.
func (f *findings) rule() {
	if f.found.has(slotRule) && !f.isAlert() {
		f.found.vacate(slotRule)
	}
}
