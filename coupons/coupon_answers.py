"""The loop that answers people what became of coupons: each question is kept before its ack."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from coupons.authority import Authority
from coupons.click_answers import answer_click, refuse_click
from coupons.clicked_on import was_shown
from coupons.coupon_events import CouponViewed
from coupons.coupon_lookups import CouponLookups, can_be_looked_up
from coupons.coupon_states import CouponAnswer
from coupons.loops import Bell, InFlight, Loop, OnTrouble
from coupons.model import Click, ClickAction, Request
from coupons.permissions import YES, Decision, Reason
from coupons.ports import Ledger, Reading, Transaction

#: Questions under way. Sends have places on the wire of their own.
_IN_FLIGHT: Final = 4
#: Of one customer's coupons, the newest: as many as `/coupon customer` lists.
MOST_OF_CUSTOMER: Final = 10


class CouponAnswers(Loop):
    """`team` is the workspace the bot lives in; `again_s`: before a question is taken up again when Slack
    could not say who somebody is."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        authority: Authority,
        lookups: CouponLookups,
        team: str,
        bell: Bell,
        again_s: float,
        on_trouble: OnTrouble,
    ) -> None:
        super().__init__(bell=bell, on_trouble=on_trouble, trouble_s=again_s)
        self._ledger = ledger
        self._authority = authority
        self._lookups = lookups
        self._team = team
        self._questions = InFlight[int](_IN_FLIGHT, bell=bell, on_trouble=on_trouble, trouble_s=again_s)

    async def step(self) -> None:
        busy = self._questions.not_now()
        for click in await self._ledger.read(lambda rows: rows.lookups_wanted(_IN_FLIGHT, busy)):
            self._questions.start(click.id, partial(self._answer, click), name=f"coupon-{click.id}")

    async def drain(self) -> None:
        await self._questions.drain()

    async def _answer(self, click: Click) -> None:
        request, wanted = await self._ledger.read(partial(_wanted, click=click))
        decision = await self._judge(click, request)
        if request is None or not decision.allowed:
            await self._ledger.write(partial(self._refuse, click=click, request=request, decision=decision))
            return
        found = await asyncio.gather(*map(self._lookups.look_up, wanted))
        answers = dict(zip((each.id for each in wanted), found, strict=True))
        await self._ledger.write(partial(self._tell, click=click, request=request, answers=answers))

    async def _judge(self, click: Click, request: Request | None) -> Decision:
        """Raises DirectoryUnavailable."""
        if click.team and click.team != self._team:
            return Decision(Reason.OUTSIDER)
        if request is None:
            return Decision(Reason.NO_SUCH_REQUEST)
        of_one = click.action is ClickAction.LOOK_UP_COUPON
        # One's own, even after the role was lost; of others only what is one's business.
        if not (of_one and click.person == request.requester):
            trusted = await self._authority.trusts(click.person)
            if not trusted.allowed:
                return trusted
            if not await self._authority.may_see(click.person):
                return Decision(Reason.NOT_AGENT)
        if not of_one:
            return YES
        shown = was_shown(request, click)
        return shown if not shown.allowed or can_be_looked_up(request) else Decision(Reason.TOO_LATE)

    def _refuse(self, tx: Transaction, *, click: Click, request: Request | None, decision: Decision) -> None:
        if not tx.close_click(click.id):
            return
        refuse_click(tx, click, request, decision)

    def _tell(
        self, tx: Transaction, *, click: Click, request: Request, answers: Mapping[int, CouponAnswer | str]
    ) -> None:
        """Once, though another process may have asked WeChat Pay, too."""
        if not tx.close_click(click.id):
            return
        failed = self._lookups.keep(tx, answers)
        of_one = click.action is ClickAction.LOOK_UP_COUPON
        viewed = CouponViewed(
            requests=sorted(answers), failed=failed, customer=None if of_one else request.customer
        )
        request_id = request.id if of_one else None
        answer_click(tx, click, request_id, tx.append(viewed.done_by(click.person, request_id)))


def _wanted(rows: Reading, *, click: Click) -> tuple[Request | None, Sequence[Request]]:
    """The request that the question names, and those whose coupons it is about."""
    request = rows.request(click.request_id)
    if request is None or click.action is ClickAction.LOOK_UP_COUPON:
        return request, [] if request is None else [request]
    of_customer = rows.requests_of_customer(request.openid, MOST_OF_CUSTOMER)
    return request, [each for each in of_customer if can_be_looked_up(each)]
