"""`coupon-bot audit ...`: read the log, prove it, and take it along."""

from __future__ import annotations

from typing import Final

import click

from bot.cli.lazy_group import LazyGroup

_PLACES: Final = {
    "checkpoint": "bot.cli.checkpoint:checkpoint",
    "export": "bot.cli.export:export",
    "openid": "bot.cli.search:openid",
    "reconcile": "bot.cli.reconcile:reconcile",
    "report": "bot.cli.report:report",
    "search": "bot.cli.search:search",
    "serve": "bot.cli.serve:serve",
    "show": "bot.cli.show:show",
    "verify": "bot.cli.verify:audit_verify",
}


@click.group(cls=LazyGroup, places=_PLACES)
def audit() -> None:
    """Read and prove the audit log."""
