"""The ticket that is named in a reason: `ticket:ABC-1`, `工单：881`. Pure."""

from __future__ import annotations

import re
import unicodedata

TICKET_LONGEST = 100

#: A full-width colon is what a Chinese keyboard types. Not inside a word or an address, as in `/ticket:1`.
_NAMED = re.compile(r"(?<![0-9A-Za-z_/?&=.:-])(?:ticket|工单)[:：]\s*(?=\S)", re.IGNORECASE)
#: ASCII punctuation that stands inside numbers of tickets (`ABC-1`, `INC_12`, `#881`, `2024/7`, `v1.2`).
_INSIDE = frozenset("-_./#:")
#: What is left of `(ticket:1)`.
_EMPTY = frozenset({"()", "[]", "（）", "【】", "［］"})
#: Before or after a ticket at an end of the reason.
_SEPARATORS = " ,;，、；。"
#: They bring their own gap.
_WIDE = "，、；。"


def take_ticket(reason: str) -> tuple[str, str]:
    """The reason without the first ticket that it names, and the ticket; empty when it names none."""
    for named in _NAMED.finditer(reason):
        ticket = _ticket_at(reason, named.end())
        if ticket:
            return _joined(reason[: named.start()], reason[named.end() + len(ticket) :]), ticket
    return reason, ""


def _ticket_at(text: str, start: int) -> str:
    """Up to white space or punctuation of any script. An address holds ASCII punctuation, but ends with none.

    One that is too long to be kept is none: half an address leads nowhere, and so it stays in the reason.
    """
    word = text[start:].split(maxsplit=1)[0]
    is_address = "://" in word
    end = next((at for at, sign in enumerate(word) if _ends(sign, is_address=is_address)), len(word))
    while end and _is_punctuation(word[end - 1]):
        end -= 1
    return word[:end] if end <= TICKET_LONGEST else ""


def _ends(sign: str, *, is_address: bool) -> bool:
    if not _is_punctuation(sign):
        return False
    return not sign.isascii() or not (is_address or sign in _INSIDE)


def _is_punctuation(sign: str) -> bool:
    return unicodedata.category(sign).startswith("P")


def _joined(before: str, after: str) -> str:
    """The other words, without the signs that only set the ticket apart from them."""
    before, after = before.rstrip(), after.lstrip()
    if before[-1:] + after[:1] in _EMPTY:
        before, after = before[:-1].rstrip(), after[1:].lstrip()
    if before[-1:] in _SEPARATORS:
        after = after.lstrip(_SEPARATORS)
    is_close = before[-1:] in _WIDE or _is_punctuation(after[:1] or ".")
    rest = f"{before}{'' if is_close else ' '}{after}".strip(_SEPARATORS)
    return "" if all(sign == " " or _is_punctuation(sign) for sign in rest) else rest
