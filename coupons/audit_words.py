"""What is looked for in the audit log, and how it is typed: `agent:@li state:refused since:2026-10 late`.

The same words in Slack, in the browser and on the command line. Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from coupons.days import span
from coupons.events import Tag
from coupons.model import Request, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """All that is set must hold. Money in fen, times in UTC milliseconds, `before` is not included."""

    request: int | None = None
    #: `request` was typed as a number alone: where there is no such request, this is a text to look for.
    or_text: str | None = None
    #: Exact. Not in the repr, which may reach a log.
    openid: str | None = field(default=None, repr=False)
    #: The number that events name a customer by.
    customer: int | None = None
    #: Lines of this one.
    batch: int | None = None
    agent: str | None = None
    approver: str | None = None
    stock_id: str | None = None
    ticket: str | None = None
    coupon_code: str | None = None
    state: State | None = None
    least_fen: int | None = None
    most_fen: int | None = None
    since: int | None = None
    before: int | None = None
    #: In reason, ticket or why it was declined; each must be there.
    texts: tuple[str, ...] = ()
    #: These two ask for events, not for requests.
    tag: Tag | None = None
    actor: str | None = None

    @property
    def only_request(self) -> int | None:
        """One request and nothing else; None: it asks for more, or for several."""
        return self.request if self == Filter(request=self.request, or_text=self.or_text) else None

    @property
    def only_batch(self) -> int | None:
        """As `only_request`."""
        return self.batch if self == Filter(batch=self.batch) else None

    @property
    def as_text(self) -> Filter:
        """With the number that was typed alone as a text: for where there is no request of that number."""
        if self.or_text is None:
            return self
        return replace(self, request=None, or_text=None, texts=(*self.texts, self.or_text))

    @property
    def asks_for_events(self) -> bool:
        return self.tag is not None or self.actor is not None

    @property
    def asks_by_requests(self) -> bool:
        """By what only requests have. Their number and times are events', too."""
        if self.asks_for_events:
            return False
        marks = (self.openid, self.customer, self.agent, self.approver, self.stock_id, self.ticket)
        more = (self.batch, self.coupon_code, self.state, self.least_fen, self.most_fen)
        return bool(self.texts) or any(mark is not None for mark in (*marks, *more))


EVERYTHING: Final = Filter()
#: Customers are numbered from 1: this one has no request, and nothing is found of him.
NOBODY: Final = 0
#: In place of an openid of which nothing is known here.
_UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True)
class Found:
    """A request that was looked for, with those who approved it, in order."""

    request: Request
    approvers: tuple[str, ...]


class WrongWord(StrEnum):
    """What is the matter with a word."""

    #: `right`: the keys nearest to it; none: no key is like it.
    UNKNOWN_KEY = "unknown_key"
    #: `right`: how such a value is written, or the words it may be.
    BAD_VALUE = "bad_value"
    #: `right`: the tags nearest to it; none: no tag is like it.
    UNKNOWN_TAG = "unknown_tag"
    #: `#0`, or longer than numbers are; `key` is all of it.
    NO_NUMBER = "no_number"
    #: `right`: the keys of dates that were typed, which have no day in common.
    NO_DAY = "no_day"
    #: The same key twice: which of them is meant?
    TWICE = "twice"
    #: `tag:` and `actor:` ask for events, which have no `right`.
    NOT_OF_EVENTS = "not_of_events"
    #: A text of signs alone, `!!`: no word of it stands in the index; `key` is all of it.
    ONLY_SIGNS = "only_signs"


class BadWord(Exception):
    """`key` and `read` are as typed; `right` is what would be right."""

    def __init__(self, wrong: WrongWord, key: str, read: str = "", right: tuple[str, ...] = ()) -> None:
        super().__init__(wrong, key)
        self.wrong = wrong
        self.key = key
        self.read = read
        self.right = right


#: A stock_id or alias, as people say it, to the stock_id; None when there is no such stock.
FindStock = Callable[[str], str | None]

_USER = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^>]*)?>|@?([UW][A-Z0-9]{1,30})", re.ASCII)
_NUMBER = re.compile(r"#?([1-9]\d{0,17})", re.ASCII)
_HASH_NUMBER = re.compile(r"#\d+", re.ASCII)
_OPENID = re.compile(r"[0-9A-Za-z_-]{16,64}", re.ASCII)
#: Alone it can be nothing else: WeChat's are of 28 and begin so.
_BARE_OPENID = re.compile(r"o[0-9A-Za-z_-]{27}", re.ASCII)
#: Wherever it stands: hidden too much, a note lacks a word; hidden too little, it stays for ever.
_ASKED_OPENID = re.compile(
    r"openid[:：][\"“”]*[0-9A-Z_-]*[\"“”]*|(?<![0-9A-Z_-])(?-i:o)[0-9A-Z_-]{27}(?![0-9A-Z_-])",
    re.ASCII | re.IGNORECASE,
)
_LIKE_OPENID = re.compile(r"(?<![0-9A-Za-z_-])o[0-9A-Za-z_-]{27}(?![0-9A-Za-z_-])", re.ASCII)
_STOCK_ID = re.compile(r"[0-9A-Za-z_-]{1,20}", re.ASCII)
_YUAN = re.compile(r"[¥￥]?(\d{1,9})(?:\.(\d{1,2}))?", re.ASCII)
#: `key:value`; what has no such key is a text to look for, a ticket's address for example.
_PAIR = re.compile(r"([A-Za-z_]{1,20})[:：](.*)", re.DOTALL)
#: A mention with a name in it (`<@U1|li ming>`) is one word.
_WORDS = re.compile(r'"([^"]*)"|“([^”]*)”|((?:<@[^>]*>|[^\s"“])+(?:"[^"]*"|“[^”]*”)?[^\s"“]*)')
_ADDRESS = frozenset({"http", "https", "mailto"})

#: How the values are written, for those who wrote another.
RIGHT: Final[Mapping[str, str]] = {
    "request": "12",
    "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    "customer": "7",
    "batch": "3",
    "agent": "@li",
    "approver": "@wang",
    "actor": "@wang",
    "stock": "late-10",
    "ticket": "ZD-1234",
    "code": "1212000000000001",
    "amount": "10, >=20, 5..20",
    "since": "2026-10, 2026-10-03",
    "until": "2026-10, 2026-10-03",
    "on": "2026-10, 2026-10-03",
}
KEYS: Final = (*RIGHT, "state", "tag")
#: Only these narrow events.
_OF_EVENTS: Final = frozenset({"request", "since", "until", "on", "tag", "actor"})
_DATES: Final = frozenset({"since", "until", "on"})


def read_words(text: str, *, find_stock: FindStock) -> Filter:
    """Raises BadWord. Nothing typed: everything, newest first."""
    found, seen, texts, number = Filter(), list[str](), list[str](), ""
    for quoted, curly, bare in _WORDS.findall(text):
        pair = _PAIR.fullmatch(bare)
        key = pair[1].casefold() if pair else ""
        if not bare:
            texts.append(quoted or curly)
        elif pair is None or key in _ADDRESS:
            found, key = _bare(found, bare, find_stock)
            if key and key in seen:
                raise BadWord(WrongWord.TWICE, key)
            seen.append(key)
            texts.append("" if key else bare)
            number = bare if not key and _NUMBER.fullmatch(bare) else number
        else:
            _check_key(key, pair[1], pair[2], seen)
            seen.append(key)
            found = _READ[key](found, key, pair[2].strip('"“”'), find_stock)
    texts = _findable(texts)
    found = replace(found, texts=tuple(texts))
    # Events have numbers in their words: statuses, counts.
    if texts == [number] and found.request is None and not found.asks_for_events:
        found = replace(found, request=int(number), or_text=number, texts=())
    if found.asks_for_events:
        for key in filter(None, seen):
            if key not in _OF_EVENTS:
                raise BadWord(WrongWord.NOT_OF_EVENTS, key, right=tuple(sorted(_OF_EVENTS)))
    if found.since is not None and found.before is not None and found.since >= found.before:
        dates = [key for key in seen if key in _DATES]
        raise BadWord(WrongWord.NO_DAY, dates[-1], right=tuple(dates))
    return found


def _findable(texts: Sequence[str]) -> list[str]:
    for text in texts:
        if text.strip() and not any(sign.isalnum() for sign in text):
            raise BadWord(WrongWord.ONLY_SIGNS, text)
    return [text for text in texts if text.strip()]


def hide_openids(text: str, customer: int | None) -> str:
    """What was typed, with the customer's number in place of the openid: so it may be kept.

    NOBODY: `openid:?` stands there, which finds nothing when it is read again. None: no openid was asked for.
    """
    shown = f"customer:{customer}" if customer else f"openid:{_UNKNOWN}"
    asked = text if customer is None else _ASKED_OPENID.sub(shown, text)
    return _LIKE_OPENID.sub("…", asked)


def _check_key(key: str, typed: str, value: str, seen: Sequence[str]) -> None:
    if key not in KEYS:
        nearest = difflib.get_close_matches(key, KEYS, n=2, cutoff=0.5)
        raise BadWord(WrongWord.UNKNOWN_KEY, typed, value, tuple(nearest))
    if key in seen:
        raise BadWord(WrongWord.TWICE, key)


def _bare(found: Filter, word: str, find_stock: FindStock) -> tuple[Filter, str]:
    """A word without a key, and the key it might have had: a request, an openid, a coupon of the catalogue.

    Without one it is a text to look for.
    """
    if _HASH_NUMBER.fullmatch(word):
        number = _NUMBER.fullmatch(word)
        if number is None:
            raise BadWord(WrongWord.NO_NUMBER, word, right=(f"#{RIGHT['request']}",))
        return replace(found, request=int(number[1])), "request"
    if _BARE_OPENID.fullmatch(word):
        return replace(found, openid=word), "openid"
    stock_id = find_stock(word)
    if stock_id is not None:
        return replace(found, stock_id=stock_id), "stock"
    return found, ""


def _bad(key: str, read: str) -> BadWord:
    return BadWord(WrongWord.BAD_VALUE, key, read, (RIGHT[key],))


def _number(found: Filter, key: str, value: str, _find: FindStock) -> Filter:
    number = _NUMBER.fullmatch(value)
    if number is None:
        raise _bad(key, value)
    if key == "batch":
        return replace(found, batch=int(number[1]))
    if key == "customer":
        return replace(found, customer=NOBODY if found.customer == NOBODY else int(number[1]))
    return replace(found, request=int(number[1]))


def _person(found: Filter, key: str, value: str, _find: FindStock) -> Filter:
    person = _USER.fullmatch(value)
    if person is None and not (key == "actor" and value == "system"):
        raise _bad(key, value)
    user = (person[1] or person[2]) if person else value
    if key == "agent":
        return replace(found, agent=user)
    return replace(found, approver=user) if key == "approver" else replace(found, actor=user)


def _openid(found: Filter, key: str, value: str, _find: FindStock) -> Filter:
    if value == _UNKNOWN:
        return replace(found, customer=NOBODY)
    if not _OPENID.fullmatch(value):
        raise _bad(key, value)
    return replace(found, openid=value)


def _stock(found: Filter, key: str, value: str, find_stock: FindStock) -> Filter:
    # One that is gone from the catalogue was given all the same, and is still found by its stock_id.
    stock_id = find_stock(value) or (value if _STOCK_ID.fullmatch(value) else None)
    if stock_id is None:
        raise _bad(key, value)
    return replace(found, stock_id=stock_id)


def _text(found: Filter, key: str, value: str, _find: FindStock) -> Filter:
    if not value:
        raise _bad(key, value)
    return replace(found, ticket=value) if key == "ticket" else replace(found, coupon_code=value)


def _state(found: Filter, key: str, value: str, _find: FindStock) -> Filter:
    try:
        return replace(found, state=State(value.casefold()))
    except ValueError:
        raise BadWord(WrongWord.BAD_VALUE, key, value, tuple(State)) from None


def _tag(found: Filter, key: str, value: str, _find: FindStock) -> Filter:
    typed = value.casefold().replace("：", ":")
    try:
        return replace(found, tag=Tag(typed))
    except ValueError:
        nearest = difflib.get_close_matches(typed, tuple(Tag), n=3)
        # Half of one is enough to know which are meant: `audit`, `viewed`.
        holding = [tag for tag in Tag if typed.strip(":") in tag.split(":")]
        raise BadWord(WrongWord.UNKNOWN_TAG, key, value, tuple(holding or nearest)) from None


def _amount(found: Filter, key: str, value: str, _find: FindStock) -> Filter:
    """In yuan, as people say it: `10`, `>=20`, `<5`, `5..20`."""
    if ".." in value:
        least, most = value.split("..", 1)
        low, high = _fen(key, least, value), _fen(key, most, value)
        if low > high:
            raise _bad(key, value)
        return replace(found, least_fen=low, most_fen=high)
    for sign, more in ((">=", 0), ("<=", 0), (">", 1), ("<", -1)):
        if value.startswith(sign):
            fen = _fen(key, value[len(sign) :], value) + more
            return replace(found, least_fen=fen) if sign[0] == ">" else replace(found, most_fen=fen)
    fen = _fen(key, value, value)
    return replace(found, least_fen=fen, most_fen=fen)


def _fen(key: str, yuan: str, read: str) -> int:
    number = _YUAN.fullmatch(yuan)
    if number is None:
        raise _bad(key, read)
    return int(number[1]) * 100 + int((number[2] or "0").ljust(2, "0"))


def _date(found: Filter, key: str, value: str, _find: FindStock) -> Filter:
    try:
        start, end = span(value)
    except ValueError:
        raise _bad(key, value) from None
    # Two of them narrow further; `until` a day or a month includes it.
    if key != "until":
        found = replace(found, since=start if found.since is None else max(start, found.since))
    if key != "since":
        found = replace(found, before=end if found.before is None else min(end, found.before))
    return found


_READ: Final[Mapping[str, Callable[[Filter, str, str, FindStock], Filter]]] = {
    "request": _number,
    "customer": _number,
    "batch": _number,
    "openid": _openid,
    "agent": _person,
    "approver": _person,
    "actor": _person,
    "stock": _stock,
    "ticket": _text,
    "code": _text,
    "state": _state,
    "tag": _tag,
    "amount": _amount,
    "since": _date,
    "until": _date,
    "on": _date,
}
