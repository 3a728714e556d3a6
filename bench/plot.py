"""Cost over the size of a state as an SVG, of plain text: both axes by powers of ten, a panel for each figure."""

from html import escape
from math import log10

COLOURS = {"sqlite": "#0b6e99", "postgres": "#b3541e"}
WIDTH, HEIGHT, MARGIN, COLUMNS = 360, 230, 52, 2

PANELS = [  # title, unit, and what of a run
    ("Whole database", "MiB", lambda run: run["bytes"] / 2**20),
    ("Seeded in", "s", lambda run: run["seed"]["seconds"]),
    ("Check-ins, full handshake", "/s", lambda run: run["handshake"]["perSecond"]),
    ("Check-ins, kept alive", "/s", lambda run: run["keptAlive"]["perSecond"]),
    ("Enrolments", "/s", lambda run: run["enrol"]["perSecond"]),
    ("Controller's memory at its start", "MB", lambda run: run["memoryAtStart"] / 1e6),
    ("By serial, p99", "ms", lambda run: run["queries"]["by serial"]["p99"]),
    ("List with three filters, p99", "ms", lambda run: run["queries"]["list with three filters, first page"]["p99"]),
    ("Restart, all in after", "s", lambda run: run["restart"]["seconds"]),
    ("Restart, controller's peak", "MB", lambda run: run["restart"]["controllerPeakBytes"] / 1e6),
]


def series(runs, value):
    found = {}
    for run in runs:
        try:
            figure = value(run)
        except (KeyError, TypeError):
            continue
        if figure and figure > 0:
            found.setdefault(run["engine"], []).append((run["devices"], figure))
    return {engine: sorted(points) for engine, points in found.items()}


def decades(values):
    low, high = min(values), max(values)
    first = int(log10(low) // 1)
    last = int(-(-log10(high) // 1))
    return first, max(last, first + 1)


def panel(title, unit, lines):
    points = [point for line in lines.values() for point in line]
    left, right = decades([x for x, _ in points])
    bottom, top = decades([y for _, y in points])

    def across(x):
        return MARGIN + (log10(x) - left) / (right - left) * (WIDTH - MARGIN - 16)

    def down(y):
        return HEIGHT - 34 - (log10(y) - bottom) / (top - bottom) * (HEIGHT - 72)

    parts = [f'<text x="{MARGIN}" y="20" class="title">{escape(title)} ({escape(unit)})</text>']
    for power in range(left, right + 1):
        x = across(10**power)
        parts.append(f'<line x1="{x:.1f}" y1="{down(10**top):.1f}" x2="{x:.1f}" y2="{down(10**bottom):.1f}" class="grid"/>')
        anchor = "end" if power == right else "middle"
        parts.append(f'<text x="{x + 8 * (power == right):.1f}" y="{HEIGHT - 18}" text-anchor="{anchor}">{10**power:,}</text>')
    for power in range(bottom, top + 1):
        y = down(10**power)
        label = f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"
        parts.append(f'<line x1="{MARGIN}" y1="{y:.1f}" x2="{WIDTH - 16}" y2="{y:.1f}" class="grid"/>')
        parts.append(f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for engine, line in lines.items():
        colour = COLOURS.get(engine, "#333")
        path = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in line:
            name = f"{engine}, {x:,} devices: {y:,.3g} {unit}"
            parts.append(f'<circle cx="{across(x):.1f}" cy="{down(y):.1f}" r="3.5" fill="{colour}"><title>{escape(name)}</title></circle>')
    return "\n".join(parts)


def plot(runs):
    """The whole picture."""
    panels = [(title, unit, series(runs, value)) for title, unit, value in PANELS]
    panels = [one for one in panels if one[2]]
    rows = -(-len(panels) // COLUMNS)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * COLUMNS}" height="{HEIGHT * rows + 40}" '
             f'viewBox="0 0 {WIDTH * COLUMNS} {HEIGHT * rows + 40}" role="img" aria-label="Cost over the number of devices">',
             "<style>text{font:11px sans-serif;fill:#222}.title{font-weight:bold;font-size:13px}.grid{stroke:#ddd}</style>",
             f'<rect width="100%" height="100%" fill="#fff"/>']
    for number, (engine, colour) in enumerate(COLOURS.items()):
        parts.append(f'<circle cx="{MARGIN + 110 * number}" cy="18" r="4" fill="{colour}"/><text x="{MARGIN + 8 + 110 * number}" y="22">{engine}</text>')
    parts.append(f'<text x="{WIDTH * COLUMNS - 16}" y="22" text-anchor="end">across: devices</text>')
    for number, one in enumerate(panels):
        parts.append(f'<g transform="translate({WIDTH * (number % COLUMNS)},{32 + HEIGHT * (number // COLUMNS)})">{panel(*one)}</g>')
    return "\n".join(parts + ["</svg>"]) + "\n"
