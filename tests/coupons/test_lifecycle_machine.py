"""Anything in any order, over a real file: by hypothesis, which makes failures small, and by long walks."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import HealthCheck, settings

from coupons.batch_desk import OF_BATCHES
from coupons.lifecycle import FINAL
from coupons.model import ClickAction, State
from coupons.ports import Reading
from coupons.recording import Recorded
from tests.coupons.lifecycle_machine import Lifecycle
from tests.coupons.lifecycle_world import (
    BOSS,
    GROUPS,
    HOUR,
    LI,
    OUT,
    OUTCOMES,
    PEOPLE,
    STOCKS,
    SUN,
    WANG,
    ZHAO,
)

TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

_CLICKERS = (*(WANG, ZHAO, BOSS) * 3, LI, SUN, OUT)
_JUMPS = (1, 61_000, 61_000, HOUR // 2, HOUR // 2, HOUR, 3 * HOUR, 13 * HOUR, 9 * 24 * HOUR)
Step = Callable[[Lifecycle, random.Random], None]


def _outcomes(dice: random.Random) -> Any:
    return dice.choices(OUTCOMES, k=dice.randrange(4))


#: How often, and what.
_STEPS: list[tuple[int, Step]] = [
    (
        12,
        lambda life, dice: life.ask(
            who=dice.choice((LI, LI, SUN, ZHAO, OUT)),
            customer=f"oCustomer-{dice.randrange(6):06d}",
            stock=dice.choice(STOCKS),
            ticket=dice.choice(("", "", "", "T-1", "T-2")),
            confirmed=dice.random() < 0.8,
            follows=dice.choice((0, 0, 1, 3)),
            then=dice.choice(("wait", "wait", "wait", "approve", "send")),
            outcomes=_outcomes(dice),
        ),
    ),
    (2, lambda life, dice: life.deliver_again(dice.randrange(9), dice.random() < 0.5)),
    (
        9,
        lambda life, dice: life.click(
            dice.choice(_CLICKERS),
            dice.randrange(6),
            dice.choice(sorted({*ClickAction} - OF_BATCHES)),
            dice.random() < 0.1,
            dice.choice(("home", "card", "card", "old card", "old home")),
        ),
    ),
    (2, lambda life, dice: life.click_again(dice.randrange(9))),
    (9, lambda life, dice: life.decide(dice.randrange(9))),
    (2, lambda life, dice: life.decide_again(dice.randrange(9))),
    (4, lambda life, dice: life.leads_approve(dice.randrange(4), dice.sample((WANG, ZHAO, BOSS), 3))),
    (
        3,
        lambda life, dice: life.lead_answers_where_it_matters(
            dice.choice((WANG, ZHAO)),
            dice.choice((ClickAction.DECLINE, ClickAction.RETRY, ClickAction.CLOSE)),
        ),
    ),
    (
        7,
        lambda life, dice: life.withdraw_or_urge(
            dice.choice((LI, LI, SUN, WANG)), dice.randrange(3), dice.random() < 0.5
        ),
    ),
    (2, lambda life, dice: life.join_or_leave(dice.choice(GROUPS), dice.choice(PEOPLE), dice.random() < 0.6)),
    (
        2,
        lambda life, dice: life.change_somebody(
            dice.choice(PEOPLE), dice.choice((*[""] * 9, "is_guest", "is_deactivated", "is_outsider"))
        ),
    ),
    (7, lambda life, dice: life.jump(dice.choice(_JUMPS), dice.random() < 0.7)),
    (2, lambda life, dice: life.pause_or_resume(dice.choice(_CLICKERS), dice.random() < 0.3)),
    (2, lambda life, _: life.expire()),
    (3, lambda life, _: life.remind()),
    (8, lambda life, dice: life.send(_outcomes(dice), dice.choice((None, "CODE")))),
    (1, lambda life, _: life.die_on_the_wire()),
    (2, lambda life, _: life.draw_cards()),
]


def _walk(seed: int, steps: int) -> tuple[Counter[str], Counter[str]]:
    """The tags of its events, and the reasons of those that tell of a refusal."""
    dice, life = random.Random(seed), Lifecycle()
    life.open()
    try:
        for number in range(steps):
            [(_, step)] = dice.choices(_STEPS, weights=[weight for weight, _ in _STEPS])
            if number < 9:
                _STEPS[0][1](life, dice)
                life.click(WANG, 0, ClickAction.APPROVE, outside=False)
                life.decide(0)
            step(life, dice)
            life.a_final_state_is_the_only_one_and_never_left()
            life.every_card_says_the_row_or_is_about_to()
        events = life.run(life.ledger.read(_all_events))
    finally:
        life.teardown()
    refused = [event for event in events if event.tag.endswith(":refused") and "reason" in event.detail]
    return Counter(event.tag for event in events), Counter(str(event.detail["reason"]) for event in refused)


def _all_events(rows: Reading) -> list[Recorded]:
    return list(iter(partial(next, (rows.event(seq) for seq in itertools.count(1))), None))


def test_long_walks_go_everywhere_and_break_nothing(*, long_form: bool) -> None:
    tags, reasons = Counter[str](), Counter[str]()
    for seed in (2, 5, 13):
        more_tags, more_reasons = _walk(seed, 3000 if long_form else 170)
        tags, reasons = tags + more_tags, reasons + more_reasons
    assert {f"request:{state}" for state in FINAL - {State.UNDONE}} <= set(tags)
    assert {"request:held", "request:unknown", "request:retried", "request:reminded"} <= set(tags)
    assert {"sending:paused", "sending:resumed", "request:urged", "attempt:started"} <= set(tags)
    assert {"coupon:viewed", "coupon:changed"} <= set(tags)
    wanted = ("self", "too_late", "already_approved", "not_approver", "paused", "outsider", "other_card")
    more = ("other_request", "customer_limit", "may_be_given")
    assert [reason for reason in (*wanted, *more) if not reasons[reason]] == []
