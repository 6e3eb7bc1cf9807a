// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"bytes"
	_ "embed" // the templates
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Invented events in the shapes that tenants emit most, and one of each known type.
var (
	//go:embed templates_common.ndjson
	commonTemplates []byte
	//go:embed templates_catalogue.ndjson
	catalogueTemplates []byte
	// What a security team looks for, each so long ago as it says.
	//go:embed templates_incidents.ndjson
	incidentTemplates []byte
)

// commonShare of the generated events are of the shapes that tenants emit most.
const commonShare = 0.7

// Generator makes plausible events. It is not safe for concurrent use.
type Generator struct {
	random            *rand.Rand
	common, catalogue []map[string]json.RawMessage
	lateShare         float64
	maxDelay          time.Duration
	made              uint64
}

// NewGenerator returns a generator whose events are decided by seed. A share of them, 0 to 1,
// becomes visible up to maxDelay after its timestamp.
func NewGenerator(seed uint64, lateShare float64, maxDelay time.Duration) *Generator {
	return &Generator{
		random:    rand.New(rand.NewPCG(seed, 2)), //nolint:gosec // a simulation is reproduced by its seed
		common:    parseTemplates(commonTemplates),
		catalogue: parseTemplates(catalogueTemplates),
		lateShare: lateShare,
		maxDelay:  maxDelay,
	}
}

func parseTemplates(data []byte) []map[string]json.RawMessage {
	var templates []map[string]json.RawMessage
	for line := range bytes.Lines(data) {
		var template map[string]json.RawMessage
		if err := json.Unmarshal(line, &template); err != nil {
			panic(err) // the templates are part of the package
		}
		templates = append(templates, template)
	}
	return templates
}

// Event makes an event of an organization that happens at a time.
func (g *Generator) Event(organization string, at time.Time) Event {
	templates := g.catalogue
	if g.random.Float64() < commonShare {
		templates = g.common
	}
	event := g.make(templates[g.random.IntN(len(templates))], organization, at)
	if g.random.Float64() < g.lateShare {
		event.Visible = at.Add(time.Duration(g.random.Float64() * float64(g.maxDelay)))
	}
	return event
}

func (g *Generator) make(template map[string]json.RawMessage, organization string, at time.Time) Event {
	event := Event{
		Organization: organization,
		Service:      text(template["service"]),
		Type:         text(template["event_type"]),
	}
	layout := timestampLayout(event.Service)
	event.ID = g.id(event.Service, at)
	stamp := at.UTC().Format(layout)
	event.Time, _ = time.Parse(time.RFC3339Nano, stamp)
	event.JSON = fill(template, event, stamp)
	return event
}

// Incidents makes what a security team looks for: passwords tried, a login from two countries, an administrator made,
// MFA removed and more, in the 27 days before a time.
func (g *Generator) Incidents(organization string, before time.Time) []Event {
	var events []Event
	for _, template := range parseTemplates(incidentTemplates) {
		ago, err := time.ParseDuration(text(template["ago"]))
		if err != nil {
			panic(err) // the templates are part of the package
		}
		delete(template, "ago")
		events = append(events, g.make(template, organization, before.Add(-ago)))
	}
	return events
}

// History makes events spread evenly over [from, to), all of them visible at their time.
func (g *Generator) History(organization string, from, to time.Time, count int) []Event {
	events := make([]Event, 0, count)
	late := g.lateShare
	g.lateShare = 0
	for i := range count {
		offset := time.Duration(float64(to.Sub(from)) * (float64(i) + g.random.Float64()) / float64(count))
		events = append(events, g.Event(organization, from.Add(offset)))
	}
	g.lateShare = late
	return events
}

// timestampLayout has the number of digits that is observed of a service.
func timestampLayout(service string) string {
	switch service {
	case "radius":
		return "2006-01-02T15:04:05Z07:00"
	case "sso", "mdm":
		return time.RFC3339Nano
	default:
		return "2006-01-02T15:04:05.000Z07:00"
	}
}

// id is unique. Its form is that which is observed of a service: an upper-case UUID, or 24
// hexadecimal digits that begin with the second.
func (g *Generator) id(service string, at time.Time) string {
	g.made++
	number := g.random.Uint64()
	if service == "radius" {
		return strings.ToUpper(fmt.Sprintf("%08x-%04x-3%03x-8000-%012x", number&0xffffffff, number>>32&0xffff, number>>52, g.made))
	}
	return fmt.Sprintf("%08x%06x%010x", uint32(at.Unix()), number&0xffffff, g.made) //nolint:gosec // seconds of this century
}

// fill puts an event's own values into a template, the keys in the order of their names.
func fill(template map[string]json.RawMessage, event Event, stamp string) []byte {
	own := map[string]string{"id": event.ID, "timestamp": stamp}
	if event.Organization != "" {
		own["organization"] = event.Organization
	}
	names := make([]string, 0, len(template)+len(own))
	for name := range template {
		names = append(names, name)
	}
	for name := range own {
		if _, found := template[name]; !found {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var data bytes.Buffer
	for i, name := range names {
		data.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(&data, "%q:", name)
		if value, found := own[name]; found {
			fmt.Fprintf(&data, "%q", value)
		} else {
			data.Write(template[name])
		}
	}
	data.WriteByte('}')
	return data.Bytes()
}

func text(raw json.RawMessage) string {
	var value string
	if json.Unmarshal(raw, &value) != nil {
		return ""
	}
	return value
}
