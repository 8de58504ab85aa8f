"""The chart of Docs/Performance.md: bars of time divided by native time, one for each emulator, on a logarithmic axis. Written as
SVG by hand; readable on light and on dark pages."""
import html
import math

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .page { fill: #ffffff } .grid { stroke: #d0d7de } .native { stroke: #1f2328 }
  .small { font-size: 11px; fill: #59636e } .group { font-weight: 600 }
  .w0 { fill: #1a7f64 } .w1 { fill: #c4722d } .w2 { fill: #6e56cf } .w3 { fill: #57606a }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .page { fill: #0d1117 } .grid { stroke: #30363d } .native { stroke: #e6edf3 }
    .small { fill: #9198a1 }
    .w0 { fill: #3fb68b } .w1 { fill: #e0955a } .w2 { fill: #9e8cfc } .w3 { fill: #8b949e }
  }
"""
LEFT, WIDTH, BAR, GAP = 170, 860, 8, 7


def draw(title, subtitle, ways, groups):
    """`groups`: (name, [(case, {way: ratio to native})]). `ways`: the emulators, ours first."""
    ratios = [ratio for _, rows in groups for _, row in rows for ratio in row.values()]
    top = max([2.0, *ratios])
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if tick <= top * 1.3]
    # What is faster than native goes left of the line at 1.
    low = math.log(min([0.8, *ratios]))
    scale = (WIDTH - LEFT - 60) / (math.log(top * 1.05) - low)

    def x(ratio):
        return LEFT + (math.log(ratio) - low) * scale

    out, y = [], 74
    for name, rows in groups:
        y += 10
        out.append(f'<text class="group" x="12" y="{y + 9}">{html.escape(name)}</text>')
        y += 20
        for case, row in rows:
            height = BAR * len(ways) + GAP
            out.append(f'<text x="{LEFT - 8}" y="{y + (height - GAP) / 2 + 4:.1f}" text-anchor="end">{html.escape(case)}</text>')
            for number, way in enumerate(ways):
                if way in row:
                    place, start = y + number * BAR, min(x(1), x(row[way]))
                    width = max(1.0, abs(x(row[way]) - x(1)))
                    out.append(
                        f'<rect class="w{number % 4}" x="{start:.1f}" y="{place}" width="{width:.1f}" height="{BAR - 1}">'
                        f"<title>{html.escape(case)}, {html.escape(way)}: {row[way]:.2f}</title></rect>")
                    out.append(f'<text class="small" style="font-size:9px" x="{max(x(1), x(row[way])) + 4:.1f}" '
                               f'y="{place + BAR - 1}">{row[way]:.1f}</text>')
            y += height
    bottom = y
    head = [f'<rect class="page" width="{WIDTH}" height="{bottom + 34}"/>',
            f'<text class="group" x="12" y="22" style="font-size:15px">{html.escape(title)}</text>',
            f'<text class="small" x="12" y="40">{html.escape(subtitle)}</text>']
    at = 12
    for number, way in enumerate(ways):
        head.append(f'<rect class="w{number % 4}" x="{at}" y="52" width="11" height="11"/>')
        head.append(f'<text x="{at + 16}" y="62">{html.escape(way)}</text>')
        at += 36 + 7 * len(way)
    for tick in ticks:
        kind = "native" if tick == 1 else "grid"
        head.append(f'<line class="{kind}" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="74" y2="{bottom}"/>')
        label = "native" if tick == 1 else f"{tick}×"
        head.append(f'<text class="small" x="{x(tick):.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
    size = f'viewBox="0 0 {WIDTH} {bottom + 34}" width="{WIDTH}" height="{bottom + 34}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">', f"<title>{html.escape(title)}</title>",
                      f"<style>{STYLE}</style>", *head, *out, "</svg>"]) + "\n"
