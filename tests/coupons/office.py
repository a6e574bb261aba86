"""Desk and asking over a real ledger, with a clock to set and a directory to change."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coupons.absence_desk import AbsenceDesk
from coupons.asking import Ask, Asking
from coupons.authority import Authority
from coupons.catalogue import Catalogue
from coupons.desk import Desk
from coupons.events import Tag
from coupons.lifecycle import MOVES, move
from coupons.loops import Bell
from coupons.model import Click, ClickAction, CodeMode, Draft, NewClick, Person, Request, State, Stock
from coupons.offer_desk import OfferDesk
from coupons.policy import DAY_MS, Policy
from coupons.ports import Transaction
from coupons.presence import Presence
from coupons.recording import Event, Recorded
from coupons.reminding import Reminder
from coupons.returning import Returner
from storage.ledger import SqliteLedger
from tests.clocks import sure
from tests.empty_database import empty_database

TEAM = "T0SHOP"
NOW = 1_795_400_000_000


class Time:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@dataclass
class Groups:
    """Slack's directory; who is not named in `people` is an active full member."""

    members_of: dict[str, frozenset[str]] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)

    async def person(self, user_id: str) -> Person:
        return self.people.get(user_id, Person(user_id=user_id, team=TEAM))

    async def members(self, group_id: str) -> frozenset[str]:
        return self.members_of.get(group_id, frozenset())


class Paper:
    """An issuer that can compose and nothing else: neither asking nor deciding may send."""

    def compose(self, *, out_request_no: str, openid: str, stock_id: str, code_mode: CodeMode) -> bytes:
        return f"{out_request_no} {openid} {stock_id} {code_mode}".encode()


def a_stock(stock_id: str, value_fen: int = 1000) -> Stock:
    return Stock(stock_id, f"alias-{stock_id}", f"stock {stock_id}", value_fen, CodeMode.WECHATPAY_MODE)


#: What may be offered; what is asked for need not be among them.
CATALOGUE = [a_stock(str(9000 + value), value) for value in (300, 500, 900, 1500, 5000)]


def an_offer_desk(
    ledger: Any, authority: Authority, policy: Policy, clock: Any, *, issuer: Any = None
) -> OfferDesk:
    """With five stocks, of ¥5 to ¥50."""
    return OfferDesk(
        ledger=ledger,
        authority=authority,
        catalogue=Catalogue(CATALOGUE),
        issuer=Paper() if issuer is None else issuer,
        policy=policy,
        clock=clock,
    )


class Office:
    """`ledger` must be closed."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock, self.groups = path, Time(), Groups()
        self.ledger = SqliteLedger(empty_database(path), clock=self.clock, on_commit=lambda _: None)
        self._clicks = 0

    def authority(self, policy: Policy) -> Authority:
        return Authority(policy=policy, directory=self.groups, ledger=self.ledger, team=TEAM)

    def asking(self, policy: Policy) -> Asking:
        return Asking(
            ledger=self.ledger,
            authority=self.authority(policy),
            issuer=Paper(),  # type: ignore[arg-type]  # nothing else may be called
            policy=policy,
            team=TEAM,
            clock=sure(self.clock),
        )

    def desk(self, policy: Policy) -> Desk:
        return Desk(
            offers=an_offer_desk(self.ledger, self.authority(policy), policy, sure(self.clock)),
            ledger=self.ledger,
            directory=self.groups,
            authority=self.authority(policy),
            policy=policy,
            team=TEAM,
            clock=sure(self.clock),
        )

    def presence(self, policy: Policy) -> Presence:
        return Presence(policy=policy, authority=self.authority(policy), ledger=self.ledger)

    def absences(self, policy: Policy) -> AbsenceDesk:
        return AbsenceDesk(
            ledger=self.ledger,
            directory=self.groups,
            presence=self.presence(policy),
            policy=policy,
            team=TEAM,
            clock=sure(self.clock),
        )

    def returner(self, policy: Policy) -> Returner:
        return Returner(
            ledger=self.ledger,
            desk=self.absences(policy),
            clock=sure(self.clock),
            bell=Bell(),
            on_trouble=lambda _: None,
        )

    def reminder(self, policy: Policy) -> Reminder:
        return Reminder(
            ledger=self.ledger,
            policy=policy,
            presence=self.presence(policy),
            clock=sure(self.clock),
            bell=Bell(),
            on_trouble=lambda _: None,
        )

    def ask(
        self,
        delivery: str,
        openid: str,
        stock_id: str,
        ticket: str = "",
        *,
        who: str = "U0LI",
        value_fen: int = 1000,
    ) -> Ask:
        return Ask(
            delivery=delivery,
            requester=who,
            team=TEAM,
            openid=openid,
            stock=a_stock(stock_id, value_fen),
            reason="late",
            ticket=ticket,
        )

    async def put(self, openid: str, stock_id: str, ticket: str, state: State) -> Request:
        """A request in this state, made at this moment, by allowed moves."""
        return await self.ledger.write(lambda tx: self._put(tx, openid, stock_id, ticket, state))

    def _put(self, tx: Transaction, openid: str, stock_id: str, ticket: str, state: State) -> Request:
        ways: dict[State, list[State]] = {State.PENDING: []}
        while state not in ways:
            for known, way in list(ways.items()):
                ways |= {to: [*way, to] for to in MOVES[known] if to not in ways}
        now = self.clock()
        request, _ = tx.add_requests(
            [
                Draft(
                    out_request_no=f"put-{openid}-{stock_id}"[:32],
                    requester="U0LI",
                    openid=openid,
                    stock=a_stock(stock_id),
                    reason="late",
                    approvals_needed=1,
                    created_at=now,
                    expires_at=now + DAY_MS,
                    body=b"{}",
                    ticket=ticket,
                )
            ]
        )[0]
        tx.append(Event(Tag.REQUEST_CREATED, "U0LI", request.id))
        for to in ways[state]:
            code = {"coupon_code": "C"} if to is State.SENT else {}
            request = tx.save(request, move(request, to, now=now, **code))
        return request

    async def click(self, desk: Desk, request_id: int, person: str, action: ClickAction) -> None:
        """Kept and decided, made on Home, which shows the request."""
        shown = (await self.request(request_id)).out_request_no
        await desk.keep_click(self.new_click(request_id, person, action, out_request_no=shown))
        for click in await self.open_clicks():
            await desk.decide(click)

    def new_click(
        self, request_id: int, person: str, action: ClickAction, key: str = "", **changes: str
    ) -> NewClick:
        self._clicks += 1
        return NewClick(
            key=key or f"k{self._clicks}",
            action=action,
            request_id=request_id,
            person=person,
            team=changes.get("team", TEAM),
            channel="C0APPROVE",
            reason=changes.get("reason", "not this time"),
            at=self.clock(),
            out_request_no=changes.get("out_request_no", ""),
        )

    async def open_clicks(self) -> list[Click]:
        return list(await self.ledger.read(lambda rows: rows.open_clicks(200)))

    async def request(self, request_id: int) -> Request:
        found = await self.ledger.read(lambda rows: rows.request(request_id))
        assert found is not None
        return found

    async def requests(self) -> int:
        """How many there are."""
        return await self.ledger.read(lambda rows: rows.highest_number())

    async def events(self, request_id: int) -> list[Recorded]:
        return list(await self.ledger.read(lambda rows: rows.events_of(request_id)))

    async def tags(self, request_id: int) -> list[str]:
        return [event.tag for event in await self.events(request_id)]
