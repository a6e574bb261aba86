"""What became of coupons: each method of the storage ports does its one thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from coupons.coupon_states import KnownCoupon
from coupons.ports import Reading, Transaction
from tests.storage.records import NOW

USED = KnownCoupon(
    request_id=1,
    state="USED",
    happened_at=NOW + 5,
    valid_until=NOW + 9,
    changed_at=NOW + 6,
    known_at=NOW + 7,
    tried_at=NOW + 8,
    problem="TIMEOUT",
)


def saves_in_place(tx: Transaction) -> bool:
    tx.save_coupon_state(KnownCoupon(request_id=1, tried_at=NOW))
    tx.save_coupon_state(USED)
    tx.save_coupon_state(replace(USED, request_id=3))
    return tx.coupon_states([1, 2]) == {1: USED}


#: Of a database in which nothing was sent.
READS: dict[str, Callable[[Reading], bool]] = {
    "coupon_states": lambda tx: tx.coupon_states([1, 2, 3]) == {},
    "coupons_to_look_up": lambda tx: tx.coupons_to_look_up(0, NOW * 2, 9) == [],
    "lookups_wanted": lambda tx: tx.lookups_wanted(9) == [],
}
CHANGES: dict[str, Callable[[Transaction], bool]] = {"save_coupon_state": saves_in_place}
