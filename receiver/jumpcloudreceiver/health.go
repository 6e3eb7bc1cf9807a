// SPDX-License-Identifier: Apache-2.0

package jumpcloudreceiver

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-jumpcloud/otelcol-jumpcloud/internal/poll"
)

// namedOrganizations is how many organizations that fail alike are named.
const namedOrganizations = 5

// health is the component's status over all organizations. It reports changes only, and is not safe
// for concurrent use.
type health struct {
	host component.Host
	// inMemory says that the checkpoint does not survive a restart; each status tells it.
	inMemory bool
	reported string
}

// begin reports at once where something has to be told although nothing fails.
func (h *health) begin() {
	if h.inMemory {
		h.report(componentstatus.StatusOK, nil)
	}
}

// tell reports what is wrong, "" where nothing is.
func (h *health) tell(text string) {
	if text == h.reported {
		return
	}
	h.reported = text
	if text == "" {
		h.report(componentstatus.StatusOK, nil)
		return
	}
	h.report(componentstatus.StatusRecoverableError, errors.New(text))
}

func (h *health) report(status componentstatus.Status, err error) {
	if h.host == nil {
		return
	}
	attributes := pcommon.NewMap()
	if h.inMemory {
		attributes.PutStr("checkpoint", "in memory: it does not survive a restart, configure storage")
	}
	componentstatus.ReportStatus(h.host, componentstatus.NewEvent(status,
		componentstatus.WithError(err), componentstatus.WithAttributes(attributes)))
}

// statusText names each kind of failure once, with the organizations that it has.
func statusText(failing map[poll.FailureKind][]string) string {
	lines := make([]string, 0, len(failing))
	for kind, organizations := range failing {
		lines = append(lines, named(organizations)+kind.Remedy())
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

// named begins a sentence about organizations. The key's own has no id.
func named(organizations []string) string {
	slices.Sort(organizations)
	switch first := organizations[:min(len(organizations), namedOrganizations)]; {
	case len(organizations) == 1 && organizations[0] == "":
		return ""
	case len(organizations) == 1:
		return "organization " + organizations[0] + ": "
	case len(first) < len(organizations):
		return fmt.Sprintf("organizations %s and %d more: ", strings.Join(first, ", "), len(organizations)-len(first))
	default:
		return "organizations " + strings.Join(first, ", ") + ": "
	}
}
