"""Tells `/readyz` and the log when the database takes nothing more, also while nobody asks for anything."""

from __future__ import annotations

import asyncio

from structlog.stdlib import BoundLogger

from bot.needs import Need
from bot.readiness import Readiness
from coupons.errors import StorageUnavailable
from coupons.ports import Ledger, Transaction


async def watch_database(
    ledger: Ledger, readiness: Readiness, logger: BoundLogger, *, every_s: float
) -> None:
    """For ever: a commit of nothing, which costs no disk; one line in the log for each new trouble."""
    said = ""
    while True:
        try:
            await ledger.write(_nothing)
        except StorageUnavailable as error:
            readiness.lacks(Need.DATABASE, str(error))
            if str(error) != said:
                said = str(error)
                logger.error("database_unusable", problem=said)  # noqa: TRY400 - the sentence says it all
        else:
            readiness.has(Need.DATABASE)
            if said:
                said = ""
                logger.info("database_usable_again")
        await asyncio.sleep(every_s)


def _nothing(_tx: Transaction) -> None:
    return
