"""How each protection of the money is taken out, within a test's process."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from coupons.attempts import Attempts, Ended
from coupons.model import Request
from coupons.outcome import Outcome
from coupons.ports import Transaction
from storage import requests
from storage.ledger import SqliteLedger
from wechatpay.issuer import WechatPayIssuer


def stored_number(patch: pytest.MonkeyPatch) -> None:
    """Each attempt takes a number of its own."""
    send = WechatPayIssuer.send

    async def with_fresh_number(self: WechatPayIssuer, body: bytes, **how: Any) -> Outcome:
        fresh = {**json.loads(body), "out_request_no": f"fresh{secrets.token_hex(12)}"}
        return await send(self, json.dumps(fresh).encode(), **how)

    patch.setattr(WechatPayIssuer, "send", with_fresh_number)


def lease(patch: pytest.MonkeyPatch) -> None:
    """It is over as soon as it is taken."""
    patch.setattr("coupons.attempts.LEASE_MS", 0)


def fence(patch: pytest.MonkeyPatch) -> None:
    """An outcome is booked on whatever attempt runs now."""
    finish_all = Attempts.finish_all

    def on_present(self: Attempts, tx: Transaction, ended: Sequence[Ended]) -> None:
        present = tx.requests([each.begun.id for each in ended])
        unfenced = [
            replace(each, begun=replace(each.begun, attempts=present[each.begun.id].attempts))
            for each in ended
        ]
        finish_all(self, tx, unfenced)

    patch.setattr(Attempts, "finish_all", on_present)


class _UndoneError(Exception):
    pass


def attempt_first(patch: pytest.MonkeyPatch) -> None:
    """The call leaves while its attempt is still on the way to the disk."""
    write = SqliteLedger.write

    async def begun_later(self: SqliteLedger, work: Callable[[Transaction], Any], **options: Any) -> Any:
        if getattr(getattr(work, "func", None), "__func__", None) is not Attempts.begin_all:
            return await write(self, work, **options)
        found: list[Request] = []

        def undone(tx: Transaction) -> None:
            found.extend(work(tx))
            raise _UndoneError

        with pytest.raises(_UndoneError):
            await write(self, undone)
        later.append(asyncio.create_task(_after(0.2, partial(write, self, work))))
        return found

    later: list[asyncio.Task[None]] = []
    patch.setattr(SqliteLedger, "write", begun_later)


async def _after(seconds: float, work: Callable[[], Any]) -> None:
    await asyncio.sleep(seconds)
    await work()


def compare_and_set(patch: pytest.MonkeyPatch) -> None:
    """Whoever writes last wins, whatever was read."""
    for name in ("_SAVE_ALL", "_SAVE_ATTEMPTS"):
        patch.setattr(requests, name, getattr(requests, name).replace(" and request.rev = new.rev", ""))


def approvals_in_events(patch: pytest.MonkeyPatch) -> None:
    """The row's word is taken."""

    def believed(_events: Iterable[object], _of_batch: Iterable[object] = ()) -> bool:
        return True

    patch.setattr("coupons.attempts.may_be_sent", believed)
