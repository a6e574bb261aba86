"""Charts as inline SVG, drawn here: they need no script, and print. All text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

_WIDTH: Final = 1160
_LEFT: Final = 56
_HEIGHT: Final = 240
_FOOT: Final = 26
_TOP: Final = 12
_ROW: Final = 26
#: Half of the page, so that two of them stand side by side and the letters are as large as elsewhere.
_HALF: Final = 560
_LABEL: Final = 230
_VALUE: Final = 90
_CUT: Final = 29
_WIDE: Final = 0x2E7F

Bars = Sequence[tuple[str, int]]


def columns(title: str, bars: Bars, *, unit: str = "") -> str:
    """One column for each day."""
    most = _ceiling(max((value for _, value in bars), default=0))
    inner = _HEIGHT - _FOOT - _TOP
    step = (_WIDTH - _LEFT) / max(len(bars), 1)
    parts = []
    for quarter in range(5):
        y = _TOP + inner * quarter / 4
        value = most * (4 - quarter) / 4
        label = f"{value:,.0f}" if value == int(value) else ""
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="axis end" x="{_LEFT - 8}" y="{y + 4:.1f}">{label}</text>')
    every = max(1, -(-len(bars) // 10))
    for place, (name, value) in enumerate(bars):
        high = inner * value / most
        x = _LEFT + place * step
        parts.append(
            f'<rect class="bar" x="{x + step * 0.12:.1f}" y="{_TOP + inner - high:.1f}" '
            f'width="{step * 0.76:.1f}" height="{high:.1f}">'
            f"<title>{escape(name)}: {value:,}{escape(unit)}</title></rect>"
        )
        if place % every == 0:
            parts.append(
                f'<text class="axis mid" x="{x + step / 2:.1f}" y="{_HEIGHT - 8}">{escape(name)}</text>'
            )
    return _svg(title, _WIDTH, _HEIGHT, parts)


def rows(title: str, bars: Bars, *, shown: Sequence[str] | None = None) -> str:
    """One bar for each name; `shown` are its values in words."""
    most = max((value for _, value in bars), default=0) or 1
    span = _HALF - _LABEL - _VALUE
    parts = []
    for place, (name, value) in enumerate(bars):
        y = place * _ROW
        long = span * value / most
        word = shown[place] if shown else f"{value:,}"
        cut = _cut(name)
        parts.append(
            f'<text class="name end" x="{_LABEL - 10}" y="{y + 17}">{escape(cut)}'
            f"<title>{escape(name)}</title></text>"
            f'<rect class="bar" x="{_LABEL}" y="{y + 4}" width="{max(long, 1):.1f}" height="18"/>'
            f'<text class="value" x="{_LABEL + long + 8:.1f}" y="{y + 17}">{escape(word)}</text>'
        )
    return _svg(title, _HALF, max(len(bars), 1) * _ROW, parts)


def _cut(name: str) -> str:
    """A Chinese character takes the room of two letters."""
    kept, room = "", _CUT
    for char in name:
        room -= 2 if ord(char) > _WIDE else 1
        if room < 0:
            return f"{kept}…"
        kept += char
    return kept


def _svg(title: str, width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {width} {height}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _ceiling(most: int) -> int:
    """A round number not below it, which four divides where it is not tiny."""
    if most <= 4:  # noqa: PLR2004
        return 4
    power = 1
    while True:
        for step in (4, 8, 12, 20, 28):
            if step * power >= most:
                return step * power
        power *= 10
