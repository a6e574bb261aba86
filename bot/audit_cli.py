"""`coupon-bot audit ...`: read the log, prove it, and take it along."""

from __future__ import annotations

from typing import Final

import click

from bot.lazy_group import LazyGroup

_PLACES: Final = {
    "checkpoint": "bot.checkpoint_cli:checkpoint",
    "export": "bot.export_cli:export",
    "openid": "bot.search_cli:openid",
    "reconcile": "bot.reconcile_cli:reconcile",
    "report": "bot.report_cli:report",
    "search": "bot.search_cli:search",
    "serve": "bot.serve_cli:serve",
    "show": "bot.show_cli:show",
    "verify": "bot.verify_cli:audit_verify",
}


@click.group(cls=LazyGroup, places=_PLACES)
def audit() -> None:
    """Read and prove the audit log."""
