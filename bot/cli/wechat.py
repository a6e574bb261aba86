"""`coupon-bot wechat ...`: WeChat Pay's side by hand. Needs no Slack, and for looking no database."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from bot.cli.lazy_group import NearestGroup
from bot.cli.options import DATABASE, must_exist, refuse
from bot.cli.record_access import write_event
from bot.cli.wechat_call import (
    METHODS,
    ShownAnswer,
    TargetRefused,
    answered,
    called,
    check_call,
    shown_answer,
    writes,
)
from bot.config.coupon_toml import load_coupon_toml
from bot.config.settings import PlaceSettings, WechatpaySettings, load_part
from bot.doctor.wechat import lists_none
from bot.wechatpay_client import wechatpay_client
from bot.wording.wechat_tables import coupon_table, coupons_table, keys_table, printable, stock_table
from coupons.audit_events import WechatAnswered, WechatCalled
from coupons.errors import StorageUnavailable
from storage.errors import DatabaseRefused
from storage.store import Store
from wechatpay import Busifavor, Client, Coupon, WechatPayError
from wechatpay.answers import CameBack, Failure
from wechatpay.errors import BadRequest, BadSetting, Refused, Trouble
from wechatpay.keyring import PlatformKey
from wechatpay.reading import failed
from wechatpay.records import wire
from wechatpay.user_coupons import CouponState

T = TypeVar("T")

_SUCCESSES = range(200, 300)

JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")


@click.group(cls=NearestGroup)
def wechat() -> None:
    """Look at WeChat Pay's side: stocks, coupons, keys."""


@wechat.command()
@click.argument("stock")
@JSON
def stock(stock: str, *, as_json: bool) -> None:
    """What WeChat Pay says of a stock, named by its stock_id or its alias in coupon.toml."""
    stock_id = _stock_id(stock)
    found = _call(lambda client, appid: Busifavor(client, appid=appid).stock(stock_id), as_json=as_json)
    _tell(wire(found) | {"remaining": found.remaining}, lambda: stock_table(found), as_json=as_json)


@wechat.command()
@click.argument("openid")
@click.option("--stock", help="Only coupons of this stock: a stock_id, or an alias in coupon.toml.")
@click.option(
    "--state", type=click.Choice(list(CouponState), case_sensitive=False), help="Only coupons in this state."
)
@JSON
def coupons(openid: str, stock: str | None, state: CouponState | None, *, as_json: bool) -> None:
    """The coupons of a customer."""
    stock_id = None if stock is None else _stock_id(stock)

    async def walk(client: Client, appid: str) -> list[Coupon]:
        listed = Busifavor(client, appid=appid).coupons(
            openid=openid, stock_id=stock_id, coupon_state=state and CouponState(state)
        )
        async with aclosing(listed):
            return [coupon async for coupon in listed]

    found = _call(walk, as_json=as_json)
    document = {"data": [wire(coupon) for coupon in found]}
    _tell(document, lambda: coupons_table(found), as_json=as_json)


@wechat.command()
@click.argument("openid")
@click.argument("coupon_code")
@JSON
def coupon(openid: str, coupon_code: str, *, as_json: bool) -> None:
    """One coupon of a customer."""
    found = _call(
        lambda client, appid: Busifavor(client, appid=appid).coupon(openid=openid, coupon_code=coupon_code),
        as_json=as_json,
    )
    _tell(wire(found), lambda: coupon_table(found), as_json=as_json)


@wechat.command()
@JSON
def certificates(*, as_json: bool) -> None:
    """The keys that WeChat Pay's answers are verified with."""

    async def fetch(client: Client, _appid: str) -> tuple[list[PlatformKey], str]:
        note = ""
        try:
            await client.keys.refresh()
        except (Refused, Trouble) as error:
            if not client.keys.fixed or not lists_none(error):
                raise
            note = (
                f"no platform certificates (HTTP {error.status} {error.code}): normal for a merchant who has "
                "the public key only"
            )
        return list(client.keys.ring), note

    keys, note = _call(fetch, as_json=as_json)
    document = {
        "keys": [{"serial_no": key.serial_no, "begins": key.begins, "ends": key.ends} for key in keys],
        "note": note,
    }
    _tell(document, lambda: keys_table(keys, note), as_json=as_json)


@wechat.command()
@click.argument("method", type=click.Choice(METHODS, case_sensitive=False))
@click.argument("target")
@click.option("--body", help="JSON, @FILE, or - for stdin; signed and sent byte for byte.")
@click.option("--show-openids", is_flag=True, help="Print the answer's body as it came.")
@DATABASE
@JSON
def call(
    method: str, target: str, body: str | None, store: Store, *, show_openids: bool, as_json: bool
) -> None:
    """One signed call of a path under /v3. Calls that could give or take a coupon or money are refused.

    A call that writes leaves two events in the bot's database: before it leaves, and what came back.
    """
    check_call(method, target, has_body=body is not None)
    sent = b"" if body is None else _body(body)
    settings = load_part(os.environ, WechatpaySettings)
    if writes(method):
        must_exist(store)

    async def call_kept(client: Client, _appid: str) -> CameBack:
        if not writes(method):
            return await client.call(method, target, sent)
        seq = _keep(store, called(method, target, sent, secrets=settings.secrets))
        came_back = await client.call(method, target, sent)
        _keep_answer(store, answered(seq, came_back))
        return came_back

    came_back = _call(call_kept, as_json=as_json)
    if isinstance(came_back, Failure):
        _fail(failed(came_back), as_json=as_json)
    asked = (target, sent.decode())
    seen = shown_answer(came_back, asked=asked, secrets=settings.secrets, show_openids=show_openids)
    _tell(_document(seen), lambda: _lines(seen), as_json=as_json)
    sys.exit(0 if seen.status in _SUCCESSES and not seen.doubt else 1)


def _keep(store: Store, event: WechatCalled) -> int:
    try:
        return write_event(store, event)
    except (DatabaseRefused, StorageUnavailable) as error:
        refuse([f"nothing was sent, because the call could not be kept as an event: {error}"])


def _keep_answer(store: Store, event: WechatAnswered) -> None:
    """The call has left: whoever made it must see the answer all the same."""
    try:
        write_event(store, event)
    except (DatabaseRefused, StorageUnavailable) as error:
        click.echo(
            f"event #{event.call} tells of the call, but its answer could not be kept: {error}", err=True
        )


def _document(seen: ShownAnswer) -> dict[str, Any]:
    signature = {"good": not seen.doubt, "serial_no": seen.serial_no, "problem": seen.doubt}
    members = asdict(seen)
    kept = {name: members[name] for name in ("status", "request_id", "hint", "body")}
    return {**kept, "signature": signature}


def _lines(seen: ShownAnswer) -> str:
    signature = f"NOT GOOD: {seen.doubt}" if seen.doubt else f"good, by {seen.serial_no}"
    lines = [
        f"status      {seen.status}",
        f"Request-ID  {seen.request_id or '-'}",
        f"signature   {signature}",
    ]
    if seen.hint:
        lines.append(f"hint        {seen.hint}")
    if seen.body is not None:
        is_text = isinstance(seen.body, str)
        lines += ["", seen.body if is_text else json.dumps(seen.body, ensure_ascii=False, indent=2)]
    return "\n".join(lines)


def _body(given: str) -> bytes:
    """Raises TargetRefused."""
    try:
        if given == "-":
            body = sys.stdin.buffer.read()
        else:
            body = Path(given[1:]).read_bytes() if given.startswith("@") else given.encode()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no path, or no text"
        raise TargetRefused(f"the body cannot be read ({why}); it must be JSON, @FILE or -") from None
    try:
        json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        # Not quoted: openids stand in bodies.
        at = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        raise TargetRefused(f"the body is no JSON in UTF-8{at}; WeChat Pay takes nothing else") from None
    return body


def _stock_id(word: str) -> str:
    """A stock_id stays; an alias is looked up in coupon.toml, if there is one."""
    path = load_part(os.environ, PlaceSettings).coupon_config
    if not path.exists():
        return word
    catalogue = load_coupon_toml(path).catalogue
    known = catalogue.find(word)
    if known is None and not (word.isascii() and word.isdigit()):
        aliases = ", ".join(each.alias for each in catalogue) or "none"
        refuse([f"{word[:40]!a} is no alias in {path} (there: {aliases}) and no stock_id, which is digits"])
    return word if known is None else known.stock_id


def _call(work: Callable[[Client, str], Awaitable[T]], *, as_json: bool) -> T:
    """Run `work` with a client and the AppID; whatever is wrong ends the program."""
    settings = load_part(os.environ, WechatpaySettings)

    async def run() -> T:
        async with wechatpay_client(settings) as client:
            return await work(client, settings.wechatpay_appid)

    try:
        return asyncio.run(run())
    except (BadSetting, BadRequest) as error:
        refuse([str(error)])
    except WechatPayError as error:
        _fail(error, as_json=as_json)


def _tell(document: object, text: Callable[[], str], *, as_json: bool) -> None:
    # In ASCII: any pipe and terminal takes it, and no control character of somebody's gets through.
    click.echo(json.dumps(document, indent=2) if as_json else printable(text()))


def _fail(error: WechatPayError, *, as_json: bool) -> NoReturn:
    if as_json:
        names = ("code", "status", "request_id", "verified", "message", "operator")
        _tell({"error": {name: getattr(error, name) for name in names}}, str, as_json=True)
    click.echo(printable(f"{error}. {getattr(error, 'hint', '') or error.operator}"), err=True)
    sys.exit(1)
