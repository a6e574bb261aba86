"""A WeChat Pay that looks, as each call comes, at what stands committed in the bot's database by then."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.wechatpay.ledger import SENDS, Endpoint
from sandbox.wechatpay.routes import route
from sandbox.wechatpay.stand_in import WeChatPay
from storage.driver import sqlite3

_COMMITTED = """
select request.id, request.approvals_needed as needed, request.requester, request.batch,
    (select count(*) from event where event.request_id = request.id and tag = 'attempt:started') as attempts,
    (select count(distinct actor) from event where event.request_id = request.id
     and tag = 'approval:given' and actor <> request.requester
     and actor is not (select requester from request as sent where sent.id = request.undoes)) as own,
    (select count(distinct actor) from batch_approval join event on event.seq = batch_approval.seq
     where batch_approval.batch = request.batch and tag = 'approval:given'
     and actor <> request.requester) as of_batch
from request where out_request_no = :number
"""


class WatchedWeChatPay(WeChatPay):
    """`wrong` fills with a sentence for each call that no committed attempt and no approvals stand behind."""

    def __init__(self, *args: Any, database: Path, **options: Any) -> None:
        super().__init__(*args, **options)
        self.wrong: list[str] = []
        self._database = database
        self._calls = Counter[str]()
        self._reader: Any = None

    def close(self) -> None:
        """Its connection to the database."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        endpoint = route(request.method, request.raw_path.partition("?")[0]).endpoint
        if endpoint in SENDS:
            self._watch(json.loads(await request.read())["out_request_no"])
        elif endpoint is Endpoint.DEACTIVATE:
            self._watch(json.loads(await request.read())["deactivate_request_no"])
        return await super()._handle(request)

    def _watch(self, number: str) -> None:
        self._calls[number] += 1
        if self._reader is None:
            self._reader = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
            self._reader.row_factory = sqlite3.Row
        row = self._reader.execute(_COMMITTED, {"number": number}).fetchone()
        if row is None:
            self.wrong.append(f"a call with {number}, which is no request's")
            return
        if row["attempts"] < self._calls[number]:
            self.wrong.append(
                f"#{row['id']}: call {self._calls[number]}, but {row['attempts']} committed attempts"
            )
        approvals = row["own"] if row["batch"] is None else row["of_batch"]
        if approvals < row["needed"]:
            self.wrong.append(f"#{row['id']}: a call with {approvals} of {row['needed']} approvals")
