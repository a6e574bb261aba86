"""Builds the two loops that ask WeChat Pay what became of coupons: for people, and once a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.config.coupon_toml import CouponToml
from bot.troubles import Troubles
from coupons.authority import Authority
from coupons.clock_watch import ClockWatch
from coupons.coupon_answers import CouponAnswers
from coupons.coupon_lookups import CouponLookups
from coupons.coupon_ports import CouponIssuer
from coupons.coupon_watch import CouponWatch
from coupons.loops import Bell, Loop
from coupons.ports import Ledger
from coupons.sender import Sender


def coupon_loops(
    config: CouponToml,
    *,
    team: str,
    ledger: Ledger,
    authority: Authority,
    issuer: CouponIssuer,
    sender: Sender,
    clock: ClockWatch,
    bell: Bell,
    again_s: float,
    troubles: Troubles,
    on_lookup: Callable[[bool], None],
) -> Mapping[str, Loop]:
    """By their names in the log; no I/O: only construction. They share their places on the wire."""
    lookups = CouponLookups(issuer=issuer, clock=clock, on_lookup=on_lookup)
    answers = CouponAnswers(
        ledger=ledger,
        authority=authority,
        lookups=lookups,
        team=team,
        bell=bell,
        again_s=again_s,
        on_trouble=troubles.expected,
    )
    watch = CouponWatch(
        ledger=ledger,
        lookups=lookups,
        clock=clock,
        per_second=config.coupon_states_per_second,
        brakes=lambda: sender.brakes,
        on_trouble=troubles.note,
    )
    return {"coupon_answers": answers, "coupon_watch": watch}
