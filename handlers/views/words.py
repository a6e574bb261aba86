"""Our sentences in the reader's language.

English stands in the views and is the key; Simplified Chinese is in locale/zh_CN/LC_MESSAGES/coupon.po, which
`make words` brings up to date. A view takes `words` first and says `words("Request #{number}", number=12)`.
Values go in as they are: escape what people typed (`handlers.views.escaping`) before.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from gettext import NullTranslations

from coupons.days import beijing_time
from coupons.money import yuan
from coupons.tickets import NO_TICKETS, TicketSystem
from handlers.views.translations import N_, translations

#: In milliseconds, largest first.
_UNITS = ((86_400_000, N_("{n} d")), (3_600_000, N_("{n} h")), (60_000, N_("{n} min")), (1_000, N_("{n} s")))

__all__ = ["N_", "Languages", "Words", "load_language", "load_languages"]


@dataclass(frozen=True, slots=True)
class Words:
    """One language."""

    #: As in coupon.toml: `en` or `zh-CN`.
    language: str
    _texts: NullTranslations
    #: Between two sentences.
    _gap: str
    #: Between two names. Not CLDR's 和: code right beside a Chinese letter stays unformatted in Slack.
    _comma: str
    #: How a moment and a day are written, for clients that do not know Slack's dates: of a `datetime`.
    _moment: str
    _day: str
    #: What tickets look like and where each leads: it is a link wherever it is shown.
    tickets: TicketSystem = NO_TICKETS

    def __call__(self, sentence: str, /, **values: object) -> str:
        """`sentence` literally, with {named} places: what is put together first is found in no catalogue."""
        return self._texts.gettext(sentence).format(**values)

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str:
        """`{n}` is the number as this language writes it."""
        return self._texts.ngettext(one, many, n).format(n=self.number(n), **values)

    def sentences(self, *parts: str) -> str:
        """Whole sentences one after the other, empty ones left out."""
        return self._gap.join(part for part in parts if part)

    def list(self, items: Iterable[str]) -> str:
        return self._comma.join(items)

    def number(self, number: int) -> str:
        """For counts; the number of a request is a name, and goes in as it is."""
        # As CLDR has it for both languages; Babel would read their data first, in the time of an ack.
        return f"{number:,}"

    def money(self, fen: int) -> str:
        """`¥1,234.50`, which both languages write alike (Babel's English has CN¥, which no agent knows)."""
        return yuan(fen)

    def duration(self, ms: int) -> str:
        """`0 s`, `4 min 5 s`, `2 h 10 min`, `3 d 4 h`; a clock that was put back shows as `-5 s`."""
        if ms < 0:
            return f"-{self.duration(-ms)}"
        counts = list[tuple[int, str]]()
        for unit_ms, unit in _UNITS:
            count, ms = divmod(ms, unit_ms)
            if count or counts or unit_ms == _UNITS[-1][0]:
                counts.append((count, unit))
        return " ".join(self(unit, n=count) for count, unit in counts[:2] if count or len(counts) == 1)

    def moment(self, at: int) -> str:
        """UTC milliseconds as date and time in the reader's own zone. mrkdwn: not for plain_text."""
        return self._date(at, "{date_short_pretty} {time}", self._moment)

    def instant(self, at: int) -> str:
        """One clock for all auditors, to the second: a picture of somebody's own "today" is no evidence."""
        return self(N_("{time} Beijing time"), time=beijing_time(at))

    def day(self, at: int) -> str:
        """UTC milliseconds as a date in the reader's own zone. mrkdwn: not for plain_text."""
        return self._date(at, "{date_short_pretty}", self._day)

    def _date(self, at: int, token: str, form: str) -> str:
        seconds = at // 1000
        shown = form.format(datetime.fromtimestamp(seconds, UTC))
        return f"<!date^{seconds}^{token}|{shown}>"


@dataclass(frozen=True, slots=True)
class Languages:
    """Both."""

    english: Words
    chinese: Words

    def of(self, locale: str) -> Words:
        """By a Slack locale (`zh-TW`, `en-GB`, `ja-JP`) or coupon.toml's `language`."""
        return self.chinese if _is_chinese(locale) else self.english

    def accepted(self, header: str) -> Words:
        """By a browser's Accept-Language (RFC 9110, 12.5.4): what it ranks highest of both, else English."""
        ranked = list[tuple[float, str]]()
        for each in header.replace(" ", "").lower().split(","):
            locale, _, weight = each.partition(";q=")
            with suppress(ValueError):
                ranked.append((float(weight or 1), locale))
        ranked.sort(key=lambda each: each[0], reverse=True)
        known = (locale for weight, locale in ranked if weight > 0 and locale[:2] in {"zh", "en"})
        return self.of(next(known, ""))


def load_languages(tickets: TicketSystem = NO_TICKETS) -> Languages:
    """Reads the catalogue. Once, at start."""
    english, chinese = _english(), _chinese()
    return Languages(english=replace(english, tickets=tickets), chinese=replace(chinese, tickets=tickets))


def load_language(locale: str) -> Words:
    """As `Languages.of`, and reads no more than that one needs: for a command that soon ends."""
    return _chinese() if _is_chinese(locale) else _english()


def _is_chinese(locale: str) -> bool:
    return locale.lower().startswith("zh")


def _english() -> Words:
    return Words(
        "en",
        NullTranslations(),
        _gap=" ",
        _comma=", ",
        _moment="{0:%Y-%m-%d %H:%M} UTC",
        _day="{0:%Y-%m-%d}",
    )


def _chinese() -> Words:
    return Words(
        "zh-CN",
        translations("zh_CN"),
        _gap="",
        _comma="、",
        _moment="{0.year}年{0.month}月{0.day}日 {0:%H:%M} UTC",
        _day="{0.year}年{0.month}月{0.day}日",
    )
