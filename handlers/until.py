"""Until when somebody is away, as people type it: a date, a weekday, a span, a time; in Beijing time.

Pure. What could mean two moments, or one that has passed, is not guessed at: `Unclear` carries the facts, and
the sentences for people are made of them in `handlers.views.absence_replies`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from coupons.absence import LONGEST_ABSENCE_MS
from coupons.days import BEIJING, milliseconds
from handlers.cleaning import fold_width

_DAY: Final = timedelta(days=1)
#: A date without its year that is further away than this was a slip, and lies in the past.
_NEXT_YEAR: Final = timedelta(days=183)
_SPANS: Final = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_UNITS: Final = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "分", "分钟"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "小时", "个小时", "钟头", "个钟头"), "h"),
    **dict.fromkeys(("d", "day", "days", "天", "日"), "d"),
    **dict.fromkeys(("w", "week", "weeks", "周", "星期", "个星期", "礼拜", "个礼拜"), "w"),
}
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_NOON: Final = 12
_BEFORE_NOON: Final = frozenset({"凌晨", "早上", "早晨", "上午"})
_AFTER_NOON: Final = frozenset({"下午", "傍晚", "晚上", "晚"})
_DAYS_AHEAD: Final = {"today": 0, "tonight": 0, "今天": 0, "今日": 0, "今天晚上": 0} | {
    "tomorrow": 1,
    "明天": 1,
    "明日": 1,
    "后天": 2,
    "大后天": 3,
}
_DIGITS: Final = {letter: value for value, letter in enumerate("零一二三四五六七八九十")} | {"两": 2, "〇": 0}
_CHINESE: Final = "(?:[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])"
_PART: Final = r"(?:(上午|早上|早晨|凌晨|中午|下午|傍晚|晚上|晚)\s*)?"
#: A time of day at the end: `14:00`, `2pm`, `下午3点半`, `15点20分`, `T14:00`.
_CLOCK: Final = re.compile(
    rf"(?:^|[\sT,]|(?<=[日号天一二三四五六末]))(?:at\s+)?{_PART}"
    r"(?:(\d{1,2})[:：](\d{2})(?::00)?\s*(am|pm)?|(\d{1,2})\s*(am|pm)"
    rf"|(\d{{1,2}}|{_CHINESE})\s*[点时](?:钟|整)?(?:(半)|(\d{{1,2}})\s*分?)?)$",
    re.IGNORECASE,
)


class Why(StrEnum):
    """Above each, the facts that its `Unclear` has besides what was read."""

    #: Nothing more.
    MISSING = "missing"
    UNREADABLE = "unreadable"
    NO_SUCH_DAY = "no_such_day"
    TOO_LONG = "too_long"
    #: `first` and `second`, UTC ms: what it may mean.
    AMBIGUOUS = "ambiguous"
    #: `first`, UTC ms: when that was.
    PAST = "past"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Why it was not read as a moment."""

    why: Why
    read: str = ""
    first: int | None = None
    second: int | None = None


def read_until(text: str, now: int) -> int | Unclear:
    """UTC ms. A day without a time of day is meant whole: until its last minute ends."""
    typed = " ".join(fold_width(text).split())
    words = re.sub(r"^(?:until|till|til|到|至)\s*", "", typed, flags=re.IGNORECASE)
    words = re.sub(r"\s*(?:为止|止)$", "", words).lower()
    words = re.sub(r"([今明])(早|晚)上?", r"\1天\2上", words)
    if not words:
        return Unclear(why=Why.MISSING)
    found = _read(words, now)
    if isinstance(found, Unclear):
        return Unclear(why=found.why, read=typed, first=found.first, second=found.second)
    if found <= now:
        return Unclear(why=Why.PAST, read=typed, first=found)
    return Unclear(why=Why.TOO_LONG, read=typed) if found > now + LONGEST_ABSENCE_MS else found


def _read(words: str, now: int) -> int | Unclear:
    if (span := _span(words)) is not None:
        return now + span
    here = datetime.fromtimestamp(now / 1000, BEIJING)
    clock = _CLOCK.search(words)
    if clock is None:
        days = _days(words, here.date())
        return days if isinstance(days, Unclear) else _one(days, None, now)
    at = _time_of_day(clock)
    if at is None:
        return Unclear(why=Why.UNREADABLE)
    words = words[: clock.start()].rstrip(" ,t") if clock.start() else ""
    days = _days(words, here.date()) if words else (here.date(),)
    return days if isinstance(days, Unclear) else _one(days, at, now)


def _one(days: tuple[date, ...], at: time | None, now: int) -> int | Unclear:
    moments = [_moment(day, at) for day in days]
    moments = [moment for moment in moments if moment > now] or moments[:1]
    if len(moments) > 1:
        return Unclear(why=Why.AMBIGUOUS, first=moments[0], second=moments[1])
    return moments[0]


def _moment(day: date, at: time | None) -> int:
    if at is None:
        # The last minute: as the first of the next day it would read as a day more.
        return milliseconds(datetime.combine(day, time(23, 59), BEIJING))
    return milliseconds(datetime.combine(day, at, BEIJING))


def _span(words: str) -> int | None:
    found = re.fullmatch(
        rf"(?:in\s+|for\s+)?(\d{{1,4}}|{_CHINESE}|an?|half an|半)\s*(个?[a-z一-鿿]+?)(?:后|以后|之后)?", words
    )
    if found is None or found[2] not in _UNITS:
        return None
    # `5日` is a day of the month, and `5天` five days.
    if found[2] == "日":
        return None
    unit = _SPANS[_UNITS[found[2]]]
    if found[1] in {"半", "half an"}:
        # Half a day is for some until noon.
        return unit // 2 if found[2] in {"hour", "小时", "个小时", "个钟头"} else None
    return unit * (1 if found[1] in {"a", "an"} else _number(found[1]))


def _number(text: str) -> int:
    """Digits, or Chinese ones up to ninety-nine."""
    if text.isdigit() and text.isascii():
        return int(text)
    tens, ten, ones = text.rpartition("十") if "十" in text else ("", "", text)
    value = sum(_DIGITS[letter] for letter in ones[-1:])
    return value + (10 * (_DIGITS[tens] if len(tens) == 1 else 1) if ten else 0)


def _time_of_day(found: re.Match[str]) -> time | None:
    part, hour, minute, half1, hour2, half2, hour3, half, minute3 = found.groups()
    value, minutes = _number(hour or hour2 or hour3), 30 if half else int(minute or minute3 or 0)
    latter = (half1 or half2 or "").lower()
    if latter and not 1 <= value <= _NOON:
        return None
    if value == _NOON and (latter == "am" or part in _BEFORE_NOON):
        value = 0
    elif value < _NOON and (latter == "pm" or part in _AFTER_NOON or (part == "中午" and value in {1, 2})):
        value += _NOON
    try:
        # As the end of a day it is written so; the next day's first minute would read as a day more.
        return time(23, 59) if (value, minutes) == (24, 0) else time(value, minutes)
    except ValueError:
        return None


# --- days


def _days(words: str, today: date) -> tuple[date, ...] | Unclear:
    """The day that is meant, or the two that may be."""
    if words in _DAYS_AHEAD:
        return (today + _DAYS_AHEAD[words] * _DAY,)
    for reading in (_weekday, _whole_date, _month_and_day, _day_of_month):
        found = reading(words, today)
        if found is not None:
            return found
    return Unclear(why=Why.UNREADABLE)


def _weekday(words: str, today: date) -> tuple[date, ...] | None:
    place, nearer = _place_in_week(words)
    if place is None:
        return None
    monday = today - today.weekday() * _DAY
    if nearer in {"下", "下个"}:
        return (monday + (7 + place) * _DAY,)
    if nearer in {"本", "这", "这个", "this"}:
        return (monday + place * _DAY,)
    ahead = (place - today.weekday()) % 7
    if nearer == "next":
        # Some mean the coming one, some the one of next week.
        return tuple(dict.fromkeys([today + (ahead or 7) * _DAY, monday + (7 + place) * _DAY]))
    return (today + ahead * _DAY,) if ahead else (today, today + 7 * _DAY)


def _place_in_week(words: str) -> tuple[int | None, str]:
    found = re.fullmatch(r"(下个?|本|这个?)?(?:周|星期|礼拜)([一二三四五六日天末])", words)
    if found:
        place = "一二三四五六日".find(found[2].replace("天", "日").replace("末", "日"))
        return place, found[1] or ""
    found = re.fullmatch(r"(?:(next|this|on)\s+)?([a-z]{3,9})\.?", words)
    if not found:
        return None, ""
    places = [place for place, name in enumerate(_WEEKDAYS) if name.startswith(found[2])]
    return (places[0] if len(places) == 1 else None), (found[1] or "").replace("on", "")


def _whole_date(words: str, _today: date) -> tuple[date, ...] | Unclear | None:
    found = re.fullmatch(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?", words)
    found = found or re.fullmatch(r"(20\d{2})(\d{2})(\d{2})", words)
    if found:
        return _on(int(found[1]), int(found[2]), int(found[3]))
    found = re.fullmatch(r"([a-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", words)
    if found and (month := _month(found[1])):
        return _on(int(found[3]), month, int(found[2]))
    found = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?\s+([a-z]+)\.?,?\s+(\d{4})", words)
    if found and (month := _month(found[2])):
        return _on(int(found[3]), month, int(found[1]))
    return None


def _month_and_day(words: str, today: date) -> tuple[date, ...] | Unclear | None:
    found = re.fullmatch(rf"(\d{{1,2}}|{_CHINESE})\s*月\s*(\d{{1,2}}|{_CHINESE})\s*[日号]?", words)
    found = found or re.fullmatch(r"(\d{1,2})-(\d{1,2})", words)
    if found:
        return _coming(_number(found[1]), _number(found[2]), today)
    found = re.fullmatch(r"([a-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?", words)
    if found and (month := _month(found[1])):
        return _coming(month, int(found[2]), today)
    found = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?([a-z]+)\.?", words)
    if found and (month := _month(found[2])):
        return _coming(month, int(found[1]), today)
    found = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})", words)
    if not found:
        return None
    # With these, half of the world puts the day first.
    one, other = int(found[1]), int(found[2])
    readings = [_coming(one, other, today), _coming(other, one, today)]
    days = [reading[0] for reading in readings if isinstance(reading, tuple)]
    if not days:
        return readings[0]
    return tuple(dict.fromkeys(days))


def _day_of_month(words: str, today: date) -> tuple[date, ...] | Unclear | None:
    found = re.fullmatch(rf"(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)|(\d{{1,2}}|{_CHINESE})\s*[日号]", words)
    if not found:
        return None
    number = _number(found[1] or found[2])
    if not 1 <= number <= 31:  # noqa: PLR2004 - days of the longest month
        return Unclear(why=Why.NO_SUCH_DAY)
    # The next day with that number: a month may have none.
    day = today
    while day.day != number:
        day += _DAY
    return (day,)


def _month(word: str) -> int | None:
    found = [place for place, name in enumerate(_MONTHS, start=1) if len(word) > 2 and name.startswith(word)]  # noqa: PLR2004 - `jan`, `sept`
    return found[0] if found else None


def _on(year: int, month: int, day: int) -> tuple[date, ...] | Unclear:
    try:
        return (date(year, month, day),)
    except ValueError:
        return Unclear(why=Why.NO_SUCH_DAY)


def _coming(month: int, day: int, today: date) -> tuple[date, ...] | Unclear:
    """Without its year: this year's, or the next one's soon after new year."""
    here = _on(today.year, month, day)
    following = _on(today.year + 1, month, day)
    if isinstance(here, Unclear):
        return here if isinstance(following, Unclear) or following[0] - today > _NEXT_YEAR else following
    if here[0] >= today or isinstance(following, Unclear) or following[0] - today > _NEXT_YEAR:
        return here
    return following
