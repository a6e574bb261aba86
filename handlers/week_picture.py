"""The week as a picture: what was given on each day, by agent and by stock. It has figures and no words.

So it is the same in both languages, and needs no font of the machine's, which may have none for Chinese. What
its columns and bars are stands in the message beside it, by the same marks (`handlers.views.week`).
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Final

from coupons.days import beijing_time
from coupons.money import yuan
from coupons.policy import DAY_MS
from coupons.rules import Used
from coupons.week import Week, WeekLine
from handlers.views.week import AGENT_MARKS, STOCK_MARKS

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

WIDTH: Final = 1200
HEIGHT: Final = 560
_INK: Final = "#1d1c1d"
_FAINT: Final = "#6b6a6d"
_LINE: Final = "#d7d6d9"
_DAY: Final = "#2c6fbb"
_AGENT: Final = "#1f8a70"
_STOCK: Final = "#b0641f"
#: The columns of the days, and to their right the bars.
_DAYS_LEFT, _DAYS_RIGHT, _TOP, _FLOOR = 40, 640, 80, 440
_BARS_LEFT, _BARS_RIGHT = 720, 1000
_SMALL: Final = 20
_LARGE: Final = 24


def draw(week: Week) -> bytes:
    """A PNG. Takes some 30 ms: not for the event loop."""
    # Loaded by whoever draws: a start of the bot needs none of it.
    from PIL import Image, ImageDraw  # noqa: PLC0415

    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    drawing = ImageDraw.Draw(image)
    _days(drawing, week)
    _bars(drawing, 60, zip(AGENT_MARKS, week.agents, strict=False), _AGENT)
    _bars(drawing, 320, zip(STOCK_MARKS, week.stocks, strict=False), _STOCK)
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _days(drawing: ImageDraw, week: Week) -> None:
    """The value above its column, day and number of coupons under it."""
    most = max((day.fen for day in week.days), default=0)
    step = (_DAYS_RIGHT - _DAYS_LEFT) / len(week.days)
    drawing.line((_DAYS_LEFT, _FLOOR, _DAYS_RIGHT, _FLOOR), fill=_LINE, width=2)
    for number, day in enumerate(week.days):
        middle = _DAYS_LEFT + (number + 0.5) * step
        height = _height(day, most)
        if height:
            drawing.rectangle((middle - 26, _FLOOR - height, middle + 26, _FLOOR), fill=_DAY)
            _money(drawing, (middle, _FLOOR - height - 20), day.fen)
        date = beijing_time(week.since + number * DAY_MS)[5:10]
        _text(drawing, (middle, _FLOOR + 24), date, _SMALL, _FAINT)
        _text(drawing, (middle, _FLOOR + 58), f"{day.count:,}", _LARGE, _INK)


def _height(day: Used, most: int) -> int:
    """Of a day with a coupon at least a line that can be seen."""
    return max(round((_FLOOR - _TOP) * day.fen / most), 3) if day.fen else 0


def _bars(drawing: ImageDraw, top: int, marked: zip[tuple[str, WeekLine]], colour: str) -> None:
    lines = list(marked)
    most = max((line.fen for _, line in lines), default=0)
    for number, (mark, line) in enumerate(lines):
        middle = top + number * 44
        _text(drawing, (_BARS_LEFT - 24, middle), mark, _LARGE, _INK)
        end = _BARS_LEFT + max(round((_BARS_RIGHT - _BARS_LEFT) * line.fen / most), 3)
        drawing.rectangle((_BARS_LEFT, middle - 13, end, middle + 13), fill=colour)
        _money(drawing, (end + 12, middle), line.fen, anchor="lm")


def _money(drawing: ImageDraw, at: tuple[float, float], fen: int, *, anchor: str = "mm") -> None:
    """Without fen where there are none. The font has no ¥, and would draw a box without a word
    (findings/pillow_default_font_has_no_yen.sh): a Y with two strokes is one."""
    amount = yuan(fen).removeprefix("¥").removesuffix(".00")
    whole = f"Y{amount}"
    font = _font(_SMALL)
    drawing.text(at, whole, fill=_INK, font=font, anchor=anchor)
    begin = drawing.textbbox(at, whole, font=font, anchor=anchor)[0]
    width = drawing.textlength("Y", font=font)
    for below in (1, 5):
        stroke = at[1] + below
        drawing.line((begin + 1, stroke, begin + width - 2, stroke), fill=_INK, width=2)


def _text(
    drawing: ImageDraw, at: tuple[float, float], text: str, size: int, colour: str, anchor: str = "mm"
) -> None:
    drawing.text(at, text, fill=colour, font=_font(size), anchor=anchor)


@cache
def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont  # noqa: PLC0415 - as in `draw`

    # Pillow's own: digits, letters and little more.
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow came without FreeType, and draws no text of this size")
    return font
