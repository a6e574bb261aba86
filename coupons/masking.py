"""What may be shown, and kept for ever, of an openid. Pure.

Reasons are part of events, which cannot be erased: an openid in one would outlast its customer's erasing.
"""

from __future__ import annotations

import re
from typing import Final

#: Before the customer's number, in place of an erased openid. No openid has a colon.
ERASED: Final = "erased:"

#: Shorter than this, four characters at both ends would be nearly all of it.
_MASKABLE = 12
#: WeChat's own form. What else could be one is masked where it is shown, but is too often a word to be lost.
_OPENID = re.compile(r"(?<![0-9A-Za-z_-])o[0-9A-Za-z_-]{27}(?![0-9A-Za-z_-])", re.ASCII)


def masked(openid: str) -> str:
    """`oAbc…wxyz`; of a customer who was erased, what stands there instead."""
    if openid.startswith(ERASED):
        return openid
    if len(openid) < _MASKABLE:
        return f"{openid[:2]}…"
    return f"{openid[:4]}…{openid[-4:]}"


def keepable(text: str, openid: str = "") -> str:
    """A person's own words without this openid, and without any other that is plainly one."""
    if openid and not openid.startswith(ERASED):
        text = text.replace(openid, masked(openid))
    return _OPENID.sub(lambda found: masked(found[0]), text)
