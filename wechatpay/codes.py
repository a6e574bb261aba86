"""Error codes as data: what a code says about an attempt, who must act, and a sentence for each who reads."""

from __future__ import annotations

from dataclasses import replace

from wechatpay.code_table import NOT_FINAL, OURS, STRANGE, THEIRS, UNCLEAR, Actor, Code, CodeClass

__all__ = ["CODES", "Actor", "Code", "CodeClass", "find_code", "judge", "meaning"]


def _squash(name: str) -> str:
    return name.replace("_", "").upper()


#: Every code that is known, WeChat Pay's and ours, each variant in a row of its own.
CODES = tuple(
    replace(row, name=name, variants=tuple(other for other in words if other != name))
    for row in (*THEIRS, *OURS)
    for words in [(row.name, *row.variants)]
    for name in words
)
_BY_NAME = {_squash(code.name): code for code in CODES}
_OUR_NAMES = frozenset(code.name for code in OURS)

_REFUSALS = range(400, 500)
_TOO_FAST = 429
_TOO_SLOW = 408


def find_code(name: str) -> Code | None:
    """The row for one of WeChat Pay's codes, in any of its spellings."""
    code = _BY_NAME.get(_squash(name))
    return None if code is None or code.name in _OUR_NAMES else code


def judge(status: int, name: str) -> Code:
    """What an answer that is no success says: by code and status together, the careful reading first."""
    code = find_code(name)
    shown = code.name if code else name
    # SYSTEM_ERROR counts at any status; a 5xx, a 202 and a redirect count whatever they are called.
    if code and code.code_class is CodeClass.UNKNOWN:
        return code
    if status not in _REFUSALS:
        return replace(UNCLEAR, name=shown)
    if status == _TOO_FAST and (code is None or code.code_class is not CodeClass.SLOWER):
        return replace(_BY_NAME["RATELIMITEXCEEDED"], name=shown, variants=())
    if code:
        return code
    # A time-out told by a gateway: it does not know how far the request came.
    if status == _TOO_SLOW:
        return replace(UNCLEAR, name=shown)
    # Unknown refusals are never silently final: a person reads them.
    return replace(STRANGE, name=shown)


def meaning(status: int | None, name: str, *, known: bool = True) -> Code:
    """The row for a code as errors and outcomes carry it, ours among them.

    `status` None: no answer came. Not `known`: a no that is unsigned, or came after an attempt that may have
    given the coupon; its agent must not be told to give another.
    """
    if name in _OUR_NAMES:
        code = _BY_NAME[_squash(name)]
    else:
        code = replace(UNCLEAR, name=name) if status is None else judge(status, name)
    return code if known or code.code_class is not CodeClass.FINAL else replace(code, agent=NOT_FINAL)
