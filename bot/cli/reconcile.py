"""`coupon-bot reconcile`: what our log says was given, beside what WeChat Pay says."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TextIO

import click

from bot.cli.options import DATABASE, must_exist, refuse
from bot.cli.outputs import standard_output
from bot.cli.record_access import record
from bot.cli.wechat_bill import read_bill
from bot.config.settings import WechatpaySettings, load_part
from bot.wechatpay_client import wechatpay_client
from bot.wording.terminal_table import plain
from coupons import days
from coupons.audit_events import AuditReconciled
from coupons.encodings import MARK
from coupons.masking import ERASED
from coupons.model import State
from coupons.money import in_yuan, yuan
from coupons.reconciling import Match, Period, Theirs, Verdict, compare
from coupons.spreadsheet import Cell, lines
from storage.reconciling import Customer, OurSide
from storage.store import Store
from wechatpay import Busifavor, WechatPayError
from wechatpay.errors import BadRequest, BadSetting

#: A polite pace: the list of a customer's coupons has no published limit, and nobody waits for this.
_AT_ONCE = 4
#: Waits before the same customer is asked for again.
_AGAIN_S = (1.0, 4.0, 15.0)
_PROGRESS_EVERY = 200
_HEAD = (
    "verdict",
    "request",
    "customer",
    "our_state",
    "stock_id",
    "yuan",
    "our_code",
    "their_code",
    "their_state",
)


@click.command()
@click.option("--month", "label", metavar="YYYY-MM", help="In Beijing time; otherwise all of the log.")
@click.option(
    "--file",
    "bill",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A bill of coupons from WeChat Pay's console, CSV; instead of asking for each customer.",
)
@click.option(
    "--format", "kind", type=click.Choice(("table", "csv", "xlsx")), default="table", show_default=True
)
@DATABASE
def reconcile(label: str | None, bill: Path | None, kind: str, store: Store) -> None:
    """Compare the log with the coupons that WeChat Pay has.

    Told are those in both, only here, only there, and different.

    Exit status 0 when all agree, 1 when something does not, or somebody could not be asked for.
    """
    must_exist(store)
    period = _period(label)
    try:
        ours = store.our_side(period)
        theirs, missed = (
            (read_bill(bill), [])
            if bill
            else asyncio.run(_theirs(ours, load_part(os.environ, WechatpaySettings)))
        )
        found = compare(ours.requests, _of_ours(theirs, ours), period)
        counts = Counter(match.verdict for match in found)
        access = AuditReconciled(
            month=label or "",
            by="bill" if bill else "customers",
            found={
                verdict.name.lower(): counts[verdict]
                for verdict in Verdict
                if counts[verdict] or verdict is not Verdict.DAMAGED
            },
            not_asked=len(missed),
        )
        record(store, access)
        with standard_output() as stream:
            _print(found, kind, stream)
    except (BadSetting, BadRequest) as error:
        refuse([str(error)])
    for sentence in [*missed, _summary(found, len(missed))]:
        click.echo(sentence, err=True)
    sys.exit(0 if len(found) == counts[Verdict.BOTH] and not missed else 1)


def _of_ours(theirs: Sequence[Theirs], ours: OurSide) -> Iterator[Theirs]:
    """A stock that this bot never gave is none of its business, unless a request's number stands by it."""
    numbers = {request.number for request in ours.requests}
    return (each for each in theirs if each.stock_id in ours.stocks or each.number in numbers)


def _period(label: str | None) -> Period:
    if label is None:
        return Period(0, 2**62)
    try:
        return Period(*days.month(label))
    except ValueError:
        refuse([f"--month reads {label!r}; it must be a year and a month, like 2026-10"])


async def _theirs(ours: OurSide, settings: WechatpaySettings) -> tuple[Sequence[Theirs], Sequence[str]]:
    """What WeChat Pay has of each customer, and a sentence for each whom it would not tell of."""
    found: list[Theirs] = []
    missed: list[str] = []
    turn = asyncio.Semaphore(_AT_ONCE)
    done = 0

    async with wechatpay_client(settings) as client:
        busifavor = Busifavor(client, appid=settings.wechatpay_appid)

        async def ask(customer: Customer) -> None:
            nonlocal done
            async with turn:
                if customer.openid.startswith(ERASED):
                    missed.append(f"customer {customer.number} was erased and cannot be asked for")
                    return
                try:
                    found.extend(await _coupons(busifavor, customer))
                except WechatPayError as error:
                    missed.append(f"customer {customer.number}: {plain(str(error))}. {error.operator}")
            done += 1
            if done % _PROGRESS_EVERY == 0 and sys.stderr.isatty():
                click.echo(f"{done} of {len(ours.customers)} customers ...", err=True)

        await asyncio.gather(*map(ask, ours.customers))
    return found, missed


async def _coupons(busifavor: Busifavor, customer: Customer) -> Sequence[Theirs]:
    """Raises WechatPayError, after some polite repeats where these may help."""
    for wait in _AGAIN_S:
        try:
            return await _walked(busifavor, customer)
        except WechatPayError as error:
            if not error.may_repeat:
                raise
            await asyncio.sleep(wait)
    return await _walked(busifavor, customer)


async def _walked(busifavor: Busifavor, customer: Customer) -> Sequence[Theirs]:
    async with aclosing(busifavor.coupons(openid=customer.openid)) as listed:
        return [
            Theirs(
                code=coupon.coupon_code,
                stock_id=coupon.stock_id,
                number=coupon.send_request_no,
                state=coupon.coupon_state,
                received_at=days.moment(coupon.receive_time),
                customer=customer.number,
            )
            async for coupon in listed
        ]


def _print(found: Sequence[Match], kind: str, stream: TextIO) -> None:
    """In a table what agrees is only counted; a spreadsheet has all."""
    if kind == "csv":
        stream.write(MARK + lines([_HEAD, *map(_cells, found)]))
        return
    if kind == "xlsx":
        # Here, since the other formats need none of it.
        from bot.cli.workbook import write_sheet  # noqa: PLC0415

        write_sheet(stream, _HEAD, map(_cells, found))
        return
    for verdict in Verdict:
        matches = [match for match in found if match.verdict is verdict]
        if matches:
            stream.write(f"{verdict}: {len(matches)}, {yuan(_fen(matches))}\n")
        if verdict is not Verdict.BOTH:
            stream.writelines(f"  {_line(match)}\n" for match in matches)


def _line(match: Match) -> str:
    here, there = match.ours, match.theirs
    if here is None:
        whose = f"customer {there.customer}" if there and there.customer else "a customer"
        return plain(f"{_coupon(there)}, of {whose}: no request of ours has its number")
    what = "taken back" if here.state is State.UNDONE else "sent"
    about = f"request #{here.request} of customer {here.customer}, {yuan(here.fen)}, stock {here.stock_id}"
    if there is None:
        return plain(f"{about}: {what} with the code {here.coupon_code}, which WeChat Pay does not show")
    if match.verdict is Verdict.DAMAGED:
        return plain(
            f"{about}: sent with the code {here.coupon_code}; the bill has {_coupon(there)}, which a "
            "spreadsheet may have made of it. Take the file as WeChat Pay gave it"
        )
    if match.verdict is Verdict.DIFFERENT:
        return plain(f"{about}: {what} with the code {here.coupon_code}; WeChat Pay has {_coupon(there)}")
    return plain(f"{about}: {here.state} here, and WeChat Pay gave {_coupon(there)}")


def _coupon(there: Theirs | None) -> str:
    if there is None:
        return "nothing"
    return f"coupon {there.code} of stock {there.stock_id}" + (f" ({there.state})" if there.state else "")


def _cells(match: Match) -> tuple[Cell, ...]:
    here, there = match.ours, match.theirs
    return (
        str(match.verdict),
        here.request if here else None,
        here.customer if here else (there and there.customer) or None,
        str(here.state) if here else None,
        here.stock_id if here else (there.stock_id if there else None),
        in_yuan(here.fen) if here else None,
        here.coupon_code if here else None,
        there.code if there else None,
        there.state if there else None,
    )


def _fen(matches: Sequence[Match]) -> int:
    return sum(match.ours.fen for match in matches if match.ours)


def _summary(found: Sequence[Match], missed: int) -> str:
    differ = sum(match.verdict is not Verdict.BOTH for match in found)
    if not differ and not missed:
        return f"all agree: {len(found)} coupons in both"
    also = f"; {missed} customers could not be asked for" if missed else ""
    return f"{differ} do not agree{also}"
