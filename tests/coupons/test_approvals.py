"""What the events must show before a request is sent."""

from __future__ import annotations

from typing import Any

import pytest

from coupons.approvals import body_digest, may_be_sent
from coupons.events import Tag
from coupons.recording import SYSTEM, Recorded

LI, WANG, ZHAO = "U0LI", "U0WANG", "U0ZHAO"
AnyEvent = tuple[str, str, dict[str, Any]]


def made(needed: Any = 1, **detail: Any) -> AnyEvent:
    return Tag.REQUEST_CREATED, LI, {"approvals_needed": needed, "rule": 2, **detail}


def given(who: str, *fills: int) -> AnyEvent:
    return Tag.APPROVAL_GIVEN, who, {"count": 1, "needed": 1, **({"fills": [*fills]} if fills else {})}


def withdrawn(who: str, by: str = "") -> AnyEvent:
    return Tag.APPROVAL_WITHDRAWN, by or who, {"count": 0, "needed": 1} | ({"approver": who} if by else {})


def approved(*names: str, by: str = WANG, **detail: Any) -> AnyEvent:
    return Tag.REQUEST_APPROVED, by, {"approvals": list(names), **detail}


def tag(tag: str, who: str = SYSTEM) -> AnyEvent:
    return tag, who, {}


#: One of each of two groups.
NEEDS = {"in_order": False, "parts": [{"count": 1, "of": ["S0LEADS"]}, {"count": 1, "of": ["S0FINANCE"]}]}
IN_ORDER = {**NEEDS, "in_order": True}
BOTH = approved(WANG, ZHAO)

HELD, RETRIED = tag(Tag.REQUEST_HELD), tag(Tag.REQUEST_RETRIED, WANG)
BY_RULE = approved(by=SYSTEM, rule=2)
ONE = (made(), given(WANG), approved(WANG))
SHOWN: list[tuple[tuple[AnyEvent, ...], bool]] = [
    (ONE, True),
    ((made(2), given(WANG), given(ZHAO), approved(WANG, ZHAO)), True),
    ((made(0), BY_RULE), True),
    ((*ONE, HELD, RETRIED), True),
    ((*ONE, HELD, RETRIED, HELD, RETRIED), True),
    # Of several groups: each filled by another person.
    ((made(2, needs=NEEDS), given(WANG, 2), given(ZHAO, 1), BOTH), True),
    ((made(2, needs=NEEDS), given(WANG, 1, 2), given(ZHAO, 1), BOTH), True),
    ((made(2, needs=IN_ORDER), given(WANG, 1, 2), given(ZHAO, 2), BOTH), True),
    ((made(2, needs=IN_ORDER), given(WANG, 2), given(ZHAO, 1), BOTH), False),
    ((made(2, needs=NEEDS), given(WANG, 1), given(ZHAO, 1), BOTH), False),
    ((made(2, needs=NEEDS), given(WANG), given(ZHAO, 1), BOTH), False),
    ((made(1, needs=NEEDS), given(WANG, 1, 2), approved(WANG)), False),
    ((made(2, needs={"parts": []}), given(WANG, 1), given(ZHAO, 2), BOTH), False),
    ((made(2, needs=NEEDS), given(WANG, 3), given(ZHAO, 1), BOTH), False),
    ((), False),
    ((made(),), False),
    ((made(), given(WANG)), False),
    ((made(), approved(WANG)), False),
    ((given(WANG), approved(WANG)), False),
    # One person twice, or the requester, is not two.
    ((made(2), given(WANG), given(WANG), approved(WANG, WANG)), False),
    ((made(2), given(WANG), approved(WANG)), False),
    ((made(), given(LI), approved(LI)), False),
    ((made(2), given(WANG), given(LI), approved(WANG, LI)), False),
    ((made(), given(SYSTEM), approved(SYSTEM)), False),
    ((made(), given(ZHAO), approved(WANG)), False),
    ((made(), given(WANG), approved(WANG, ZHAO)), False),
    # Taken back, by who gave it or by the bot, and given again.
    ((made(), given(WANG), withdrawn(WANG), approved(WANG)), False),
    ((made(), given(WANG), withdrawn(WANG, SYSTEM), approved(WANG)), False),
    ((made(), given(WANG), withdrawn(WANG), given(ZHAO), approved(WANG, ZHAO)), False),
    ((made(2), given(WANG), given(ZHAO), withdrawn(WANG), approved(ZHAO)), False),
    ((made(), given(WANG), withdrawn(WANG), given(WANG), approved(WANG)), True),
    ((made(), given(WANG), withdrawn(ZHAO), approved(WANG)), True),
    # Given only after it was said to be approved.
    ((made(), approved(WANG), given(WANG)), False),
    ((given(WANG), approved(WANG), made()), False),
    # No rule, another rule, or a person in the bot's place.
    ((made(0, rule=0), approved(by=SYSTEM, rule=0)), False),
    ((made(0), approved(by=SYSTEM, rule=3)), False),
    ((made(0), approved(by=WANG, rule=2)), False),
    ((made(1), BY_RULE), False),
    ((made(-1), approved()), False),
    ((made(True), given(WANG), approved(WANG)), False),
    ((made("1"), given(WANG), approved(WANG)), False),
    ((made(None), given(WANG), approved(WANG)), False),
    ((made(), given(WANG), (Tag.REQUEST_APPROVED, WANG, {"approvals": WANG})), False),
    # AnyEvent twice, ended, or held.
    ((*ONE, approved(WANG)), False),
    ((made(), *ONE), False),
    ((*ONE, HELD), False),
    ((*ONE, HELD, RETRIED, HELD), False),
    *[
        ((*ONE, tag(f"request:{end}")), False)
        for end in ("sent", "refused", "declined", "cancelled", "expired", "closed")
    ],
]


@pytest.mark.parametrize(("expected", "may"), SHOWN)
def test_what_the_events_must_show(expected: tuple[AnyEvent, ...], may: bool) -> None:
    events = [
        Recorded(seq=seq, ts=1, tag=tag, actor=who, request_id=1, detail=detail)
        for seq, (tag, who, detail) in enumerate(expected, start=1)
    ]
    assert may_be_sent(events) is may


def test_the_bytes_are_those_of_the_event_that_made_it() -> None:
    def digest_of(**detail: Any) -> str | None:
        return body_digest([Recorded(1, 1, Tag.REQUEST_CREATED, LI, 1, detail)])

    assert digest_of(body_sha256="ab") == "ab"
    assert digest_of() is None
    assert digest_of(body_sha256=["ab"]) == "['ab']"
    assert body_digest([]) is None
