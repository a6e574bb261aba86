"""`coupon-bot audit ...`: read the log, prove it, and take it along."""

from __future__ import annotations

from pathlib import Path

import click

from bot.clock import utc_ms
from bot.export_cli import export
from bot.reconcile_cli import reconcile
from bot.report_cli import report
from bot.search_cli import openid, search
from bot.serve_cli import serve
from bot.show_cli import show
from bot.usage import DATABASE, must_exist, refuse
from bot.verify_cli import audit_verify
from storage.checkpoints import load_or_make_key, public_text, sign
from storage.errors import CheckpointRefused, DatabaseRefused
from storage.moment import moment


@click.group()
def audit() -> None:
    """Read and prove the audit log."""


@audit.command("checkpoint")
@DATABASE
@click.option("--key", "only_key", is_flag=True, help="Only the public key, for an auditor to note.")
def audit_checkpoint(database: Path, *, only_key: bool) -> None:
    """Print a signed line of how far the log is.

    Keep it where those who run the bot can't change it: `audit verify --against` holds the log to it later.
    """
    must_exist(database)
    try:
        # First: a key must not appear beside what is no database of ours.
        with moment(database, clock=utc_ms) as look:
            seq, head = look.head()
        key = load_or_make_key(database)
        told = public_text(key) if only_key else sign(key, seq, head, now=utc_ms()).line
    except (DatabaseRefused, CheckpointRefused) as error:
        refuse([str(error)])
    click.echo(told)


audit.add_command(audit_verify)
audit.add_command(export)
audit.add_command(report)
audit.add_command(reconcile)
audit.add_command(search)
audit.add_command(show)
audit.add_command(openid)
audit.add_command(serve)
serve.short_help = "Show the log in a browser until SIGTERM or Ctrl-C."
