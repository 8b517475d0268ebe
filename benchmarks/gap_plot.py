"""The intervals of the gap beside the truth as an SVG: a line a region, drawn as the reports draw theirs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from jinja2 import Environment

Floats = npt.NDArray[np.float64]

WIDTH, ROW, LEFT, TOP = 760.0, 6.0, 40.0, 44.0

TEMPLATE = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<text x="{{ left }}" y="18">Gap of {{ lines|length }} simulated regions: 95 % interval (line), estimate (tick) and truth
(dot); {{ held }} of {{ lines|length }} hold it</text>
{% for x, share in ticks %}
<line x1="{{ x }}" x2="{{ x }}" y1="32" y2="{{ height - 16 }}" stroke="#ddd"/>
<text x="{{ x }}" y="{{ height - 4 }}" text-anchor="middle" fill="#555">{{ share }} %</text>
{% endfor %}
{% for y, low, mean, high, truth, holds in lines %}
<g stroke="{{ '#1f5f8b' if holds else '#b3261e' }}">
<line x1="{{ low }}" x2="{{ high }}" y1="{{ y }}" y2="{{ y }}"/>
<line x1="{{ mean }}" x2="{{ mean }}" y1="{{ y - 2 }}" y2="{{ y + 2 }}"/>
<circle cx="{{ truth }}" cy="{{ y }}" r="1.8" fill="{{ '#111' if holds else '#b3261e' }}" stroke="none"/></g>
{% endfor %}
</svg>
"""


def draw(low: Floats, mean: Floats, high: Floats, truth: Floats, judged: Floats) -> str:
    """Return the SVG of regions (n,), by their true rate; counts become shares of the judged."""
    order = np.argsort(truth / judged, kind="stable")
    shares = [(column / judged)[order] for column in (low, mean, high, truth)]
    most = max(0.05, float(np.ceil(max(share.max() for share in shares) * 20) / 20))

    def at(share: float) -> float:
        return round(LEFT + (WIDTH - 2 * LEFT) * float(share) / most, 1)

    lines = [
        (TOP + ROW * n, *(at(one) for one in row), bool(row[0] <= row[3] <= row[2]))
        for n, row in enumerate(zip(*shares, strict=True))
    ]
    ticks = [(at(n / 20), 5 * n) for n in range(round(most * 20) + 1)]
    return Environment(autoescape=True, trim_blocks=True).from_string(TEMPLATE.lstrip()).render(
        width=WIDTH, height=TOP + ROW * len(lines) + 24, left=LEFT, lines=lines, ticks=ticks,
        held=sum(line[-1] for line in lines),
    )  # fmt: skip
