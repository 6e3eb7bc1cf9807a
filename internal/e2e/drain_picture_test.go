// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// The picture's sizes, in units of SVG.
const (
	pictureWidth = 740
	panelLeft    = 70
	panelWidth   = 630
	panelHeight  = 150
	panelPitch   = 210
	panelTop     = 60
)

// curve is a drain to be drawn.
type curve struct {
	name    string
	figures figures
}

// panel is one of the diagrams, which share the axis of what was read before.
type panel struct {
	title string
	value func(events float64, part portion) float64
}

// picture draws throughput, processor time and memory against what was read before, as SVG.
func picture(curves []curve) []byte {
	panels := []panel{
		{"events a second", func(events float64, part portion) float64 { return events / part.took.Seconds() }},
		{"CPU seconds for a million events", func(events float64, part portion) float64 { return part.cpu.Seconds() * 1e6 / events }},
		{"resident memory, MiB", func(_ float64, part portion) float64 { return float64(part.resident) / mebibyte }},
	}
	var svg bytes.Buffer
	height := panelTop + len(panels)*panelPitch
	_, _ = fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", pictureWidth, height)
	_, _ = fmt.Fprintf(&svg, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", pictureWidth, height)
	colors := []string{"#1f6feb", "#d1570a", "#2da44e"}
	for i, c := range curves {
		x := panelLeft + 170*i
		_, _ = fmt.Fprintf(&svg, `<line x1="%d" y1="20" x2="%d" y2="20" stroke="%s" stroke-width="2"/><text x="%d" y="24">%s</text>`+"\n", x, x+24, colors[i], x+30, c.name)
	}
	for number, p := range panels {
		p.draw(&svg, panelTop+number*panelPitch, curves, colors)
	}
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}

// draw writes the panel whose upper edge is at top.
func (p *panel) draw(svg *bytes.Buffer, top int, curves []curve, colors []string) {
	largest := 0.0
	events := float64(curves[0].figures.events) / portions
	for _, c := range curves {
		for _, part := range c.figures.portions {
			largest = max(largest, p.value(events, part))
		}
	}
	step := roundStep(largest / 4)
	scale := panelHeight / (step * math.Ceil(largest/step))
	bottom := top + panelHeight
	_, _ = fmt.Fprintf(svg, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", panelLeft, top-8, p.title)
	for value := 0.0; value*scale <= panelHeight+1e-6; value += step {
		y := float64(bottom) - value*scale
		_, _ = fmt.Fprintf(svg, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#d0d7de"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			panelLeft, y, panelLeft+panelWidth, y, panelLeft-8, y+4, thousands(value))
	}
	for tenth := 0; tenth <= 10; tenth += 2 {
		x := panelLeft + panelWidth*tenth/10
		_, _ = fmt.Fprintf(svg, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", x, bottom+16, thousands(events*portions*float64(tenth)/10))
	}
	_, _ = fmt.Fprintf(svg, `<text x="%d" y="%d" text-anchor="middle">events of history</text>`+"\n", panelLeft+panelWidth/2, bottom+32)
	for i, c := range curves {
		var points []string
		for j, part := range c.figures.portions {
			x := panelLeft + panelWidth*(float64(j)+0.5)/portions
			points = append(points, fmt.Sprintf("%.1f,%.1f", x, float64(bottom)-p.value(events, part)*scale))
		}
		_, _ = fmt.Fprintf(svg, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points, " "), colors[i])
	}
}

// roundStep returns 1, 2 or 5 times a power of ten, and at least what is asked for.
func roundStep(least float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, times := range []float64{1, 2, 5} {
		if times*power >= least {
			return times * power
		}
	}
	return 10 * power
}
