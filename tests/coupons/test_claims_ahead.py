"""A few lines are claimed before there is a place on the wire for them."""

from __future__ import annotations

from coupons.leases import SAFE_MS
from coupons.model import State
from coupons.settling import Pace
from tests.coupons.test_sending_engine import Shop, ended, shop, turn

__all__ = ["shop"]


async def test_what_is_claimed_ahead_leaves_when_an_answer_comes_and_not_a_commit_later(shop: Shop) -> None:
    await shop.add(*(f"n{number}" for number in range(40)), batch=1)
    sender = shop.sender(Pace(in_flight=20))
    shop.wire.may_answer.clear()
    await turn(sender)
    # Of 20 places one is no batch's; ten lines are claimed ahead, and are on no wire.
    assert (len(shop.wire.on_it), (await shop.states())[State.SENDING]) == (19, 29)
    shop.wire.may_answer.set()
    await ended(sender)
    assert (len(shop.wire.calls), shop.wire.most) == (29, 19)
    for _ in range(3):
        await turn(sender)
        await ended(sender)
    assert (await shop.states(), shop.wire.most) == ({State.SENT: 40}, 19)


async def test_what_waits_for_a_place_until_its_lease_may_be_over_makes_no_call(shop: Shop) -> None:
    await shop.add(*(f"n{number}" for number in range(40)), batch=1)
    sender = shop.sender(Pace(in_flight=20))
    shop.wire.may_answer.clear()
    await turn(sender)
    shop.passes(SAFE_MS)
    shop.wire.may_answer.set()
    await ended(sender)
    assert (len(shop.wire.calls), (await shop.states())[State.SENDING]) == (19, 10)
