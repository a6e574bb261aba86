"""A small shop's log, and commands that look at it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from bot.cli.main import cli
from coupons.events import Tag
from coupons.lifecycle import move
from coupons.model import Request, State
from coupons.ports import Transaction
from coupons.recording import Event
from tests.storage.records import NOW, a_draft, approve, create, open_ledger, rows, send

ZHANG = "oUpF8uMuAJO_M2pxb1Q9zNjZHANG"
FORGED = "late\n     99  2026-01-01 00:00:00  U0EVIL approved it\x1b[2J"


def fill(tx: Transaction) -> None:
    """#1 sent, #2 declined in Chinese, #3 of another customer with hostile words, #4 needs nobody."""
    send(tx, approve(tx, with_ticket(tx)), "CODE1")
    second = create(tx, "n2", reason="物流迟到四天", requester="U0HE")
    tx.append(Event(Tag.REQUEST_DECLINED, "U0WANG", second.id, {"reason": "太早了"}))
    tx.save(second, move(second, State.DECLINED, now=NOW, closed_by="U0WANG", decline_reason="太早了"))
    third = create(tx, "n3", openid=ZHANG, reason=f"=1+1 {FORGED}")
    tx.append(Event(Tag.CLICK_REFUSED, "U0EVIL", third.id, {"action": "approve", "reason": FORGED}))


def with_ticket(tx: Transaction) -> Request:
    request, _ = tx.add_requests([a_draft("n1", ticket="ZD 12")])[0]
    names = ("out_request_no", "customer", "stock_id", "value_fen", "approvals_needed", "ticket")
    detail = {name: getattr(request, name) for name in names}
    tx.append(Event(Tag.REQUEST_CREATED, request.requester, request.id, detail))
    return request


def make_shop(path: Path) -> None:
    """A database with what `fill` puts into it."""

    async def live() -> None:
        ledger = open_ledger(path)
        await ledger.write(fill)
        await ledger.close()

    asyncio.run(live())


def typed(*words: object, **environ: str) -> Result:
    result = CliRunner(env=dict(environ)).invoke(cli, ["audit", *map(str, words)], prog_name="coupon-bot")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def searched(database: Path, *words: object, **environ: str) -> Result:
    result = typed("search", *words, "--database", database, **environ)
    assert result.exit_code == 0, result.stderr
    return result


def newest(database: Path) -> tuple[str, dict[str, Any]]:
    """The last event: its tag and detail, with the request that it is about."""
    [(tag, body)] = rows(database, "select tag, body from event order by seq desc limit 1")
    read = json.loads(body)
    return tag, {**read["detail"], "request": read["request_id"]}


def shown(database: Path, *words: object) -> list[str]:
    result = typed("show", *words, "--database", database)
    assert result.exit_code == 0, result.stderr
    head, *lines = result.stdout.splitlines() or [""]
    return [head, *lines] if head.startswith("Request ") else lines
