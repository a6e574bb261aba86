"""Where requests and batches are decided about, put together."""

from __future__ import annotations

from dataclasses import dataclass

from bot.config.coupon_toml import CouponToml
from coupons.authority import Authority
from coupons.batch_desk import BatchDesk
from coupons.clock_watch import ClockWatch
from coupons.decider import Decider
from coupons.desk import Desk
from coupons.loops import Bell, OnTrouble
from coupons.offer_desk import OfferDesk
from coupons.ports import Directory, Issuer, Ledger
from coupons.undo_desk import UndoDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """`team` is the workspace the bot lives in."""

    ledger: Ledger
    directory: Directory
    authority: Authority
    issuer: Issuer
    config: CouponToml
    team: str
    clock: ClockWatch

    def desk(self) -> Desk:
        return Desk(
            offers=OfferDesk(
                ledger=self.ledger,
                authority=self.authority,
                catalogue=self.config.catalogue,
                issuer=self.issuer,
                policy=self.config.policy,
                clock=self.clock,
            ),
            ledger=self.ledger,
            directory=self.directory,
            authority=self.authority,
            policy=self.config.policy,
            team=self.team,
            clock=self.clock,
        )

    def decider(self, desk: Desk, *, bell: Bell, again_s: float, on_trouble: OnTrouble) -> Decider:
        """The loop that decides what `desk` and the one of batches kept."""
        return Decider(
            ledger=self.ledger,
            desk=desk,
            batch_desk=BatchDesk(
                ledger=self.ledger,
                authority=self.authority,
                policy=self.config.policy,
                clock=self.clock,
            ),
            undo_desk=UndoDesk(
                ledger=self.ledger,
                authority=self.authority,
                issuer=self.issuer,
                policy=self.config.policy,
                clock=self.clock,
            ),
            bell=bell,
            again_s=again_s,
            on_trouble=on_trouble,
        )
