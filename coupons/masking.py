"""What may be shown, and kept for ever, of an openid and of other numbers that are a person's. Pure.

Reasons are part of events, which cannot be erased: what names a customer in one would outlast the erasing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

#: Before the customer's number, in place of an erased openid. No openid has a colon.
ERASED: Final = "erased:"

#: Shorter than this, eight characters would be nearly all of it.
_MASKABLE = 12
#: The second one is how it was done before: rows keep it.
_MASKED = re.compile(r".{2}….{6}|.{4}….{4}")
#: WeChat's own form. What else could be one is masked where it is shown, but is too often a word to be lost.
_OPENID = re.compile(r"(?<![0-9A-Za-z_-])o[0-9A-Za-z_-]{27}(?![0-9A-Za-z_-])", re.ASCII)

#: Digits of any width, in groups as people write them; what they are, the digits say.
_NUMBERS = re.compile(
    r"(?<![0-9A-Za-z_\d])(?<![0-9A-Za-z_\d][-.])"
    r"[+＋]?[(（]?\d(?:[ \u00a0()（）+＋-]{0,3}\d)*[XxＸｘ]?(?![0-9A-Za-z_\d])"
)
#: `+86 138 0013 8000` has four, a bank card five.
_MOST_GROUPS = 6
_GROUP = re.compile(r"[+＋]?[(（]?\d+[XxＸｘ]?")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
#: `010-12345678`, `(0755) 1234567`.
_FIXED = re.compile(r"[(（]?0(?:10|2\d|[3-9]\d{2})[)）]?[ -]+\d{3,4}[ -]?\d{4}")
_IDENTITY_CARD = re.compile(
    r"[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]"
)
_BANK_CARD = re.compile(r"62[0-9]{14,17}|4[0-9]{15}|(?:5[1-5]|35)[0-9]{14}|3[47][0-9]{13}")
_MAIL = re.compile(r"([0-9A-Za-z._%+-]+)@((?:[\w-]+\.)+[^\W\d_]{2,})")


def masked(openid: str) -> str:
    """`oA…uvwxyz`, once and for all; of a customer who was erased, what stands there instead.

    Most of what is shown is the end: openids of one AppID begin alike, and two customers must look different.
    """
    if openid.startswith(ERASED) or _MASKED.fullmatch(openid):
        return openid
    if len(openid) < _MASKABLE:
        return f"{openid[:2]}…"
    return f"{openid[:2]}…{openid[-6:]}"


def keepable(text: str, openid: str = "") -> str:
    """A person's own words without this openid, and without anything else that is plainly a person's: an
    openid, a telephone, identity card or bank card number, an e-mail address. Each is shortened."""
    if openid and not openid.startswith(ERASED):
        text = text.replace(openid, masked(openid))
    text = _OPENID.sub(lambda found: masked(found[0]), text)
    text = _MAIL.sub(lambda found: f"{found[1][0]}…@{found[2]}", text)
    return _NUMBERS.sub(lambda found: _shortened(found[0]), text)


def _shortened(typed: str) -> str:
    """Numbers may stand side by side, and each may be written in groups: the longest that is one is taken."""
    groups = [group.span() for group in _GROUP.finditer(typed)]
    shortened, at, first = "", 0, 0
    while first < len(groups):
        most = min(first + _MOST_GROUPS, len(groups))
        last = next((n for n in reversed(range(first, most)) if _is_personal(typed, groups, first, n)), None)
        if last is not None:
            start, end = groups[first][0], groups[last][1]
            shortened += f"{typed[at:start]}{typed[start : start + 3]}…{typed[end - 2 : end]}"
            at = end
        first = first + 1 if last is None else last + 1
    return shortened + typed[at:]


def _is_personal(typed: str, groups: Sequence[tuple[int, int]], first: int, last: int) -> bool:
    number = typed[groups[first][0] : groups[last][1]]
    signs = unicodedata.normalize("NFKC", number).upper()
    digits = "".join(sign for sign in signs if sign.isalnum())
    return _is_telephone(signs, digits) or _is_identity_card(digits) or _is_bank_card(digits)


def _is_telephone(typed: str, digits: str) -> bool:
    """Of mainland China, mobile or (with a dash after the area) fixed; of elsewhere with its `+`."""
    if typed[0] == "+":
        return 10 <= len(digits) <= 15  # noqa: PLR2004 - E.164 allows 15; with fewer than 10 it is an amount
    if digits.startswith("0086"):
        digits = digits[4:]
    elif digits.startswith("86") and len(digits) == 13:  # noqa: PLR2004 - the country's code and 11 digits
        digits = digits[2:]
    return bool(_MOBILE.fullmatch(digits) or _FIXED.fullmatch(typed))


def _is_identity_card(digits: str) -> bool:
    """GB 11643-1999: place, date of birth, three digits and a check sign."""
    if not _IDENTITY_CARD.fullmatch(digits):
        return False
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits[:17]))
    return "10X98765432"[total % 11] == digits[17]


def _is_bank_card(digits: str) -> bool:
    """By who issues it (UnionPay, Visa, Mastercard, Amex, JCB) and Luhn's check digit (ISO/IEC 7812-1): most
    numbers of orders fail one of both."""
    if not _BANK_CARD.fullmatch(digits):
        return False
    doubled = [int(digit) * (2 - (place % 2 == 0)) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 * (number > 9) for number in doubled) % 10 == 0  # noqa: PLR2004 - a sum of digits
