"""The words of a search as a shell gives them, and one sentence for each that cannot be read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from bot.config.toml_tables import CouponTomlProblems, stock_words
from coupons.audit_words import KEYS, BadWord, Filter, FindStock, WrongWord
from coupons.auditing import MOST_COUNTED
from coupons.catalogue import Catalogue
from coupons.events import Tag
from handlers.views.words import N_, Words

_PAIR: Final = re.compile(r"([A-Za-z_]{1,20}[:：])(.*)", re.DOTALL)
_SHOWN: Final = 60


def joined(words: Iterable[str]) -> str:
    """One text again: a word with spaces in it stood in the shell's quotation marks."""
    return " ".join(_quoted(word) for word in words if word)


def _quoted(word: str) -> str:
    if len(word.split()) <= 1 or '"' in word:
        return word
    pair = _PAIR.fullmatch(word)
    # `ticket:ZD 12` was typed as ticket:"ZD 12"; with a space after its colon it is a text.
    if pair and not pair[2].startswith(" ") and len(pair[1].split()) == 1:
        return f'{pair[1]}"{pair[2]}"'
    return f'"{word}"'


def aliases(config: Path | None) -> FindStock:
    """Of coupon.toml when it can be read. Raises CouponTomlProblems when it was named and cannot."""
    if config is not None:
        return _stocks(config).stock_id
    path = Path(os.environ.get("COUPON_CONFIG") or "coupon.toml")

    @cache
    def known() -> frozenset[str]:
        try:
            return stock_words(path) if path.exists() else frozenset()
        except CouponTomlProblems:
            return frozenset()

    @cache
    def if_readable() -> Catalogue:
        try:
            return _stocks(path)
        except CouponTomlProblems:
            return Catalogue(())

    return lambda word: if_readable().stock_id(word) if word.casefold() in known() else None


def _stocks(path: Path) -> Catalogue:
    # Not for a word that names no stock: what checks that file takes longer to load than most searches take.
    from bot.config.coupon_toml import load_coupon_toml  # noqa: PLC0415

    return load_coupon_toml(path).catalogue


def as_number(words: Words, asked: Filter, *, known: bool) -> str:
    """How a number alone was read; empty where none was typed so."""
    if asked.or_text is None:
        return ""
    if known:
        return words(
            "{text} is read as request #{number}; the text itself is '\"{text}\"'",
            text=asked.or_text,
            number=asked.request,
        )
    return words(
        "there is no request #{number}; {text} was looked for in reasons and tickets",
        text=asked.or_text,
        number=asked.request,
    )


def end_of_search(words: Words, written: int, count: int) -> str:
    """How many were written, of how many that there are, as far as they were counted."""
    if not count:
        return words("nothing was found")
    if written >= count:
        known = count < MOST_COUNTED
        return words("{count} found", count=written) if known else words("{count} written", count=written)
    return words(
        "{count} of {found} found; see more with a larger --limit, or --all, or find fewer by more words",
        count=written,
        found=words("{count} or more", count=count) if count == MOST_COUNTED else count,
    )


def no_request(words: Words, number: int, where: object) -> str:
    return words("there is no request #{number} in {where}", number=number, where=where)


def wrong_word(words: Words, error: BadWord) -> str:
    """What was read, what is wrong, what would be right."""
    right = words(" or ").join(error.right).replace(", ", words(" or "))
    return words(
        _SENTENCES[error.wrong],
        key=_printable(error.key),
        read=_printable(error.read),
        right=_people(words, error.key) or right,
        keys=words.list(error.right),
        typed=words(" and ").join(f"{key}:" for key in error.right),
        known=_known(words, error),
    )


def _known(words: Words, error: BadWord) -> str:
    if error.right:
        return words("the nearest: {names}", names=words.list(error.right))
    if error.wrong is WrongWord.UNKNOWN_TAG:
        return words("docs/auditor.md tells of them: {names}", names=words.list(Tag))
    return words("there are {names}", names=words.list(KEYS))


_SENTENCES: Final[Mapping[WrongWord, str]] = {
    WrongWord.UNKNOWN_KEY: N_(
        "{key}:{read} names no key of a search; {known}. For the text itself, put it in quotation marks: "
        "'\"{key}:{read}\"'"
    ),
    WrongWord.UNKNOWN_TAG: N_("{key}:{read} names no tag of an event; {known}"),
    WrongWord.BAD_VALUE: N_("{key}:{read} cannot be read; right would be {right}"),
    WrongWord.NO_NUMBER: N_("{key} is no request's number; right would be {right}"),
    WrongWord.ONLY_SIGNS: N_("{key} has no letter and no digit, and only words are found; leave it out"),
    WrongWord.NO_DAY: N_("{typed} have no day in common; give dates that overlap"),
    WrongWord.TWICE: N_("{key}: stands there twice; leave one of them"),
    WrongWord.NOT_OF_EVENTS: N_(
        "{key}: narrows requests, and tag: and actor: ask for events, which know only {keys} and text; "
        "leave either out"
    ),
}


def _people(words: Words, key: str) -> str:
    if key not in {"agent", "approver", "actor"}:
        return ""
    if key == "actor":
        return words("a Slack user id such as U0LI, or system; @names are known in Slack only")
    return words("a Slack user id such as U0LI; @names are known in Slack only")


def _printable(text: str) -> str:
    """On one line, and never a terminal's commands."""
    cut = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return "".join(char if char.isprintable() else "�" for char in cut)
